"""make qemu, make run, make gdb, make qemu-gdb, make record, make replay, make test-kernel: boots this tree's kernel for a person,
one program, a debugger, or to test itself.

Called by the Makefile from the root of the tree: python3 -m grade.run {qemu,run,gdb,qemu-gdb,record,replay,selftest} [options].
"""

import argparse
import os
import re
import shlex
import signal
import sys

from grade import boot, console, debug, guest, where
from grade.boot import BootError


def parse_arguments():
    parser = argparse.ArgumentParser(prog="grade.run")
    parser.add_argument("mode", choices=["qemu", "run", "gdb", "qemu-gdb", "record", "replay", "map", "trace", "addr2line", "selftest"])
    parser.add_argument("--build", default="build")
    parser.add_argument("--command", default="")
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--disk", default="")
    parser.add_argument("--smp", default="")
    parser.add_argument("--mem", default="")
    parser.add_argument("--append", default="")
    parser.add_argument("--timeout", default="")
    parser.add_argument("--icount", default="")
    parser.add_argument("--gdb", default="")
    parser.add_argument("--gdb-arguments", default="")
    parser.add_argument("--stub", default="")
    parser.add_argument("--address", default="")
    parser.add_argument("--out", default="")
    parser.add_argument("--verbose", default="")
    options = parser.parse_args()
    options.smp = matching("SMP", options.smp or "1", r"[1-9]\d?", "a number of harts")
    options.mem = matching("MEM", options.mem or "128M", r"[1-9]\d*[MG]?", "a size such as 128M")
    options.timeout = float(matching("TIMEOUT", options.timeout or "60", r"\d+(\.\d+)?", "a number of seconds"))
    options.icount = options.icount not in ("", "0")
    return options


def matching(name, text, pattern, meaning):
    if not re.fullmatch(pattern, text):
        raise BootError(f"{name}={text}: not {meaning}")
    return text


def qemu(options):
    """Becomes QEMU, with this terminal as the machine's console."""
    initrd, kept = guest.root_file_system(options)
    extra = ["-serial", "mon:stdio", *guest.disks(options)]
    command = boot.qemu_command(f"{options.build}/kernel.elf", initrd, guest.boot_arguments(options), options.smp, options.mem,
                                options.icount, extra)
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    if sys.stdin.isatty():
        print("Ctrl-A X leaves the machine.", file=sys.stderr, flush=True)
    os.execv(command[0], command)


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data):]


def show_message(descriptor, text):
    write_all(descriptor, text if text.endswith(b"\n") else text + b"\n")


def run(options):
    """One program, its output on standard output, its status returned; the kernel's own messages go to standard error."""
    heard = []

    def on_kernel(text):
        # The first message only says that the kernel is there.
        if heard or options.verbose:
            show_message(2, text)
        heard.append(text)

    return follow(options, ["console=raw"] + ([] if options.verbose else ["quiet"]), on_kernel)


def selftest(options):
    """The kernel's own tests: what it reports goes to standard output, its verdict is the status."""
    return follow(options, ["selftest"], lambda text: show_message(1, text))


def follow(options, fixed, on_kernel):
    nonce = console.new_nonce()
    append = guest.boot_arguments(options, *fixed, f"log={nonce}")
    initrd, kept = guest.root_file_system(options)
    command = boot.qemu_command(f"{options.build}/kernel.elf", initrd, append, options.smp, options.mem, options.icount,
                                ["-serial", "stdio", "-monitor", "none", *guest.disks(options)])
    panics, faults = [], []

    def listen(text):
        panics.extend(re.findall(rb"^panic: ", text, re.MULTILINE))
        faults.extend(re.findall(rb"^.*\]: killed by SIG", text, re.MULTILINE))
        on_kernel(text)

    outcome = boot.follow(command, nonce, options.timeout, lambda data: write_all(1, data), listen, kept)
    if panics or (faults and outcome.status > 128):  # the program itself ended so
        complain(f"to look at it: {debugger_line(options, 'panic_message' if panics else 'kill_for')}")
    return verdict(outcome, options)


def verdict(outcome, options):
    """The status to return; says in words why it is not a program's."""
    if outcome.timed_out:
        who = "the program had not ended" if outcome.kernel_spoke else "the kernel had printed nothing"
        complain(f"{who} after {options.timeout:g} s (TIMEOUT=); the last lines of the console:", outcome.last_lines())
        for hart, address in enumerate(outcome.program_counters):
            complain(f"hart {hart} stood at {address:#x}{where.in_kernel(f'{options.build}/kernel.elf', address)}")
        return boot.TIMED_OUT
    if not outcome.kernel_spoke and outcome.errors:
        raise BootError(f"QEMU: {outcome.errors.splitlines()[-1]}")
    if outcome.status < 0:
        raise BootError(f"QEMU was killed by {signal.Signals(-outcome.status).name}")
    if not outcome.kernel_spoke:
        complain("the machine stopped before the kernel had printed anything; the last lines of the console:",
                 outcome.last_lines())
        return boot.KERNEL_FAILED
    return outcome.status


def debugger_line(options, place):
    """The command that boots the same machine under a debugger and stops at the kernel's function `place`."""
    words = [f"{name}={shlex.quote(value)}" for name, value in
             (("CMD", options.command), ("ROOT", " ".join(filter(None, options.root))), ("DISK", options.disk), ("APPEND", options.append),
              ("SMP", options.smp if options.smp != "1" else ""), ("MEM", options.mem if options.mem != "128M" else "")) if value]
    return " ".join(["make gdb", *words, f"GDB_ARGS=\"-ex 'break {place}' -ex continue\""])


def complain(text, lines=()):
    print(f"run: {text}", *(f"  {line}" for line in lines), sep="\n", file=sys.stderr, flush=True)


MODES = {"qemu": qemu, "run": run, "selftest": selftest, "gdb": debug.gdb, "qemu-gdb": debug.qemu_gdb,
         "record": debug.record, "replay": debug.replay, "map": debug.show_map, "trace": debug.trace,
         "addr2line": where.addr2line}


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        options = parse_arguments()
        return MODES[options.mode](options)
    except BootError as error:
        complain(str(error))
        return boot.NOT_STARTED
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
