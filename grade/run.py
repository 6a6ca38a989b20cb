"""make qemu, make run, make gdb, make test-kernel: boots this tree's kernel for a person, one program, a debugger, or to test itself.

Called by the Makefile from the root of the tree: python3 -m grade.run {qemu,run,gdb,selftest} [options].
"""

import argparse
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from grade import boot, console
from grade.boot import BootError

PACK_ROOT = Path(__file__).parent / "pack-root"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="grade.run")
    parser.add_argument("mode", choices=["qemu", "run", "gdb", "selftest"])
    parser.add_argument("--build", default="build")
    parser.add_argument("--command", default="")
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--disk", default="")
    parser.add_argument("--smp", default="")
    parser.add_argument("--mem", default="")
    parser.add_argument("--append", default="")
    parser.add_argument("--timeout", default="")
    parser.add_argument("--icount", default="")
    parser.add_argument("--gdb", default="gdb-multiarch")
    parser.add_argument("--gdb-arguments", default="")
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


def program_words(command):
    """CMD as a shell would split it."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BootError(f"CMD={command}: {str(error).lower()}") from None
    if not words:
        raise BootError("CMD= names no program; for example: make run CMD='/bin/hello a \"b c\"'")
    if re.search(r"[\s\"]", words[0]):
        raise BootError(f"CMD: the program's path cannot hold blanks or quotes: {words[0]}")
    return words


def root_file_system(options):
    """The initramfs with each ROOT laid over it: (path for QEMU, file descriptors to pass on). It lives in memory, no file is left."""
    base = Path(options.build) / "initramfs.cpio"
    if not base.exists():
        raise BootError(f"no root file system at {base}; make all builds it")
    roots = list(filter(None, options.root))
    if not roots:
        return str(base), ()
    memory = os.memfd_create("initramfs", 0)
    with os.fdopen(os.dup(memory), "wb") as file:
        file.write(base.read_bytes())
        for root in roots:
            file.write(packed(root))
    return f"/proc/self/fd/{memory}", (memory,)


def packed(root):
    if not os.path.isdir(root):
        raise BootError(f"ROOT={root}: {'not a directory' if os.path.exists(root) else 'no such directory'}")
    done = subprocess.run([PACK_ROOT, root], capture_output=True, check=False)
    if done.returncode != 0:
        raise BootError(f"ROOT={root}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def disks(options):
    """The arguments that give the machine its disks: DISK names their images, the first becomes /dev/vda."""
    words = []
    for number, image in enumerate(options.disk.split()):
        if not os.path.isfile(image):
            raise BootError(f"DISK={image}: {'not a file' if os.path.exists(image) else 'no such file'}")
        words += boot.disk_arguments(image, number)
    return words


def boot_arguments(options, *fixed):
    """The kernel's command line: what the mode asks for, what the user adds, then the program and its arguments."""
    words = list(fixed)
    program = program_words(options.command) if options.command or options.mode == "run" else []
    if program:
        words.append(f"init={program[0]}")
    if options.append:
        words.append(options.append)
    if program[1:]:
        words.append("-- " + console.boot_words(program[1:]))
    return " ".join(words)


def qemu(options):
    """Becomes QEMU, with this terminal as the machine's console."""
    initrd, kept = root_file_system(options)
    extra = ["-serial", "mon:stdio", *disks(options)]
    command = boot.qemu_command(f"{options.build}/kernel.elf", initrd, boot_arguments(options), options.smp, options.mem,
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
    append = boot_arguments(options, *fixed, f"log={nonce}")
    initrd, kept = root_file_system(options)
    command = boot.qemu_command(f"{options.build}/kernel.elf", initrd, append, options.smp, options.mem, options.icount,
                                ["-serial", "stdio", "-monitor", "none", *disks(options)])
    outcome = boot.follow(command, nonce, options.timeout, lambda data: write_all(1, data), on_kernel, kept)
    return verdict(outcome, options)


def verdict(outcome, options):
    """The status to return; says in words why it is not a program's."""
    if outcome.timed_out:
        who = "the program had not ended" if outcome.kernel_spoke else "the kernel had printed nothing"
        complain(f"{who} after {options.timeout:g} s (TIMEOUT=); the last lines of the console:", outcome.last_lines())
        for hart, address in enumerate(outcome.program_counters):
            complain(f"hart {hart} stood at {address:#x}{place_name(f'{options.build}/kernel.elf', address)}")
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


def place_name(kernel, address):
    """`, in function (file:line)` for an address of the kernel."""
    if address < 1 << 63:
        return ", in the program or the firmware"
    tool = shutil.which("riscv64-linux-gnu-addr2line")
    if tool is None:
        return ""
    found = subprocess.run([tool, "-f", "-C", "-s", "-e", kernel, hex(address)], capture_output=True, text=True, check=False)
    function, _, line = found.stdout.strip().partition("\n")
    return f", in {function} ({line})" if line else ""


def complain(text, lines=()):
    print(f"run: {text}", *(f"  {line}" for line in lines), sep="\n", file=sys.stderr, flush=True)


def gdb(options):
    """QEMU stopped at its first instruction, and a debugger that has gone on to the kernel's first line."""
    debugger = shutil.which(options.gdb)
    if debugger is None:
        raise BootError(f"{options.gdb} is not installed; make doctor says how to get it")
    kernel = f"{options.build}/kernel.elf"
    initrd, kept = root_file_system(options)
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="astrolabe-gdb-"))
        stub = f"{directory}/stub"
        extra = ["-S", "-serial", "stdio", "-monitor", "none", "-chardev", f"socket,path={stub},server=on,wait=off,id=stub",
                 "-gdb", "chardev:stub", *disks(options)]
        command = boot.qemu_command(kernel, initrd, boot_arguments(options), options.smp, options.mem, options.icount, extra)
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=kept, start_new_session=True,
                                   preexec_fn=boot.die_with_parent)
        stack.callback(machine.wait)
        stack.callback(machine.kill)
        scripts = [word for script in sorted(Path("kern/gdb").glob("*.py")) for word in ("-x", str(script))]
        steps = ["set confirm off", "set pagination off", f"target remote {stub}", "thbreak kernel_main", "continue",
                 "set pagination on"]
        # Ctrl-C belongs to the debugger.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        wait_for(stub, machine)
        return subprocess.run([debugger, "-q", kernel, *scripts, *(word for step in steps for word in ("-ex", step)),
                               *shlex.split(options.gdb_arguments)], check=False,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode


def wait_for(path, machine):
    """Returns when QEMU has made its socket; it does so within some milliseconds or not at all."""
    while not os.path.exists(path):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise BootError(f"QEMU ended at once, with status {machine.wait(timeout=0.01)}")


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        options = parse_arguments()
        return {"qemu": qemu, "run": run, "gdb": gdb, "selftest": selftest}[options.mode](options)
    except BootError as error:
        complain(str(error))
        return boot.NOT_STARTED
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
