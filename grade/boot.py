"""Boots QEMU and follows its console to the end."""

import ctypes
import dataclasses
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import time

from grade import console

# What the commands that boot a machine return when there is no program's status to return.
TIMED_OUT, KERNEL_FAILED, NOT_STARTED = 124, 125, 126

TAIL_BYTES = 4096


class BootError(Exception):
    """Something on the host is not as it must be; the text is one line, naming what and where."""


def qemu_command(kernel, initrd, append, smp=1, mem="128M", icount=False, extra=(), debugged=False):
    """The command line of the machine `virt`, without its serial port and monitor unless extra gives them."""
    program = shutil.which("qemu-system-riscv64")
    if program is None:
        raise BootError("qemu-system-riscv64 is not installed; make doctor says how to get it")
    if not os.path.exists(kernel):
        raise BootError(f"no kernel at {kernel}; make all builds it")
    command = [program, "-machine", "virt", "-smp", str(smp), "-m", str(mem), "-display", "none", "-no-reboot",
               "-global", "virtio-mmio.force-legacy=false"]  # the kernel drives disks as of virtio 1.0
    if icount:
        # Several harts that wait for each other would never meet at one instruction a nanosecond. Idle time is skipped; but
        # QEMU takes a machine that a debugger has stopped for an idle one, and would skip to the end of time.
        command += ["-icount", f"shift={0 if int(smp) == 1 else 3},sleep={'on' if debugged else 'off'}"]
    return command + [*extra, "-kernel", kernel, "-initrd", initrd, "-append", append]


def disk_arguments(image, number=0):
    """A virtio disk with this raw image. (A comma in the name is written twice.)"""
    name = str(image).replace(",", ",,")
    return ["-drive", f"file={name},format=raw,if=none,id=disk{number}", "-device", f"virtio-blk-device,drive=disk{number}"]


@dataclasses.dataclass
class Outcome:
    status: int
    timed_out: bool = False
    kernel_spoke: bool = False
    tail: bytes = b""  # the last bytes of the console, frames' marks left out
    errors: str = ""  # what QEMU itself had to say
    program_counters: list[int] = dataclasses.field(default_factory=list)  # one a hart, where they stood when time was up

    def last_lines(self, count=5):
        return [line for line in self.tail.decode(errors="replace").splitlines() if line.strip()][-count:]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def program_counters(channel):
    """Asks QEMU, over its control channel, where each hart stands; nothing if it does not answer at once."""
    channel.settimeout(2)
    ask = {"execute": "human-monitor-command", "arguments": {"command-line": "info registers -a"}}
    try:
        channel.sendall(b'{"execute": "qmp_capabilities"}' + json.dumps(ask).encode())
        answers = channel.makefile("rb")
        text = next(line for line in map(json.loads, answers) if isinstance(line.get("return"), str))["return"]
    except (OSError, StopIteration, ValueError):
        return []
    return [int(value, 16) for value in re.findall(r"^ pc +(\w+)", text, re.MULTILINE)]


def follow(command, nonce, timeout, on_program, on_kernel, pass_fds=()):
    """Runs command (QEMU with its console on standard output) for at most timeout seconds; returns an Outcome.

    The program's bytes go to on_program as they come, each of the kernel's messages to on_kernel.
    """
    ours, theirs = socket.socketpair()
    control = f"socket,id=control,fd={theirs.fileno()}"
    command = [*command, "-chardev", control, "-mon", "chardev=control,mode=control"]
    with ours, theirs:
        return follow_console(command, nonce, timeout, on_program, on_kernel, (*pass_fds, theirs.fileno()), ours)


def follow_console(command, nonce, timeout, on_program, on_kernel, pass_fds, channel):
    outcome = Outcome(status=NOT_STARTED)
    splitter = console.Splitter(nonce)

    def deliver(pieces):
        for source, data in pieces:
            outcome.tail = (outcome.tail + data)[-TAIL_BYTES:]
            if source == console.PROGRAM:
                on_program(data)
            elif source == console.KERNEL:
                outcome.kernel_spoke = True
                on_kernel(data)

    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          pass_fds=pass_fds, preexec_fn=die_with_parent) as qemu:
        try:
            errors = b""
            deadline = time.monotonic() + timeout
            streams = {qemu.stdout, qemu.stderr}
            while streams and not outcome.timed_out:
                ready, _, _ = select.select(streams, [], [], max(0, deadline - time.monotonic()))
                outcome.timed_out = not ready
                for stream in ready:
                    data = os.read(stream.fileno(), 65536)
                    if not data:
                        streams.discard(stream)
                    elif stream is qemu.stdout:
                        deliver(splitter.feed(data))
                    else:
                        errors = (errors + data)[-TAIL_BYTES:]
                outcome.timed_out = outcome.timed_out or (bool(streams) and time.monotonic() >= deadline)
            deliver(splitter.finish())
            if outcome.timed_out:
                outcome.program_counters = program_counters(channel)
            outcome.errors = errors.decode(errors="replace").strip()
        finally:
            if outcome.timed_out or qemu.poll() is None and qemu.stdout in streams:
                qemu.kill()
        outcome.status = qemu.wait()
    return outcome
