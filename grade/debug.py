"""make gdb, make qemu-gdb: the machine stopped at its first instruction, with a debugger or waiting for one."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from grade import boot, guest
from grade.boot import BootError

COMMANDS = "kern/gdb/load.py"
# The first of these that is there and knows RISC-V; GDB= names another.
DEBUGGERS = ["gdb-multiarch", "riscv64-unknown-elf-gdb", "riscv64-linux-gnu-gdb", "riscv64-elf-gdb", "gdb"]


def find_debugger(wanted):
    for name in [wanted] if wanted else DEBUGGERS:
        path = shutil.which(name)
        if path and knows_riscv(path):
            return path
    names = wanted or " or ".join(DEBUGGERS)
    raise BootError(f"no debugger for RISC-V ({names}) is installed; make doctor says how to get it")


def knows_riscv(path):
    asked = subprocess.run([path, "-nx", "-batch", "-ex", "set architecture riscv:rv64"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and "Undefined" not in asked.stderr


def machine_command(options, stub, initrd, extra):
    extra = ["-S", "-chardev", f"socket,path={stub},server=on,wait=off,id=stub", "-gdb", "chardev:stub", *extra, *guest.disks(options)]
    return boot.qemu_command(f"{options.build}/kernel.elf", initrd, guest.boot_arguments(options), options.smp, options.mem,
                             options.icount, extra)


def gdb(options):
    """A debugger that has gone on to the kernel's first line. The machine's console writes between; `type` answers it."""
    debugger = find_debugger(options.gdb)
    initrd, kept = guest.root_file_system(options)
    keyboard, typing = os.pipe()
    with contextlib.ExitStack() as stack:
        stub = stack.enter_context(tempfile.TemporaryDirectory(prefix="astrolabe-gdb-")) + "/stub"  # a place nobody else has
        command = machine_command(options, stub, initrd, ["-serial", "stdio", "-monitor", "none"])
        machine = subprocess.Popen(command, stdin=keyboard, pass_fds=kept, start_new_session=True, preexec_fn=boot.die_with_parent)
        os.close(keyboard)
        stack.callback(machine.wait)
        stack.callback(machine.kill)
        # Ctrl-C belongs to the debugger.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        wait_for(stub, machine)
        return subprocess.run(debugger_command(debugger, options, stub), check=False, pass_fds=[typing],
                              env=os.environ | {"ASTROLABE_KEYBOARD": str(typing), "ASTROLABE_ROOTS": roots(options)},
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode


def debugger_command(debugger, options, stub):
    steps = ["set confirm off", "set breakpoint pending on", "set pagination off", f"target remote {stub}", "thbreak kernel_main", "continue",
             "set pagination on"]
    return [debugger, "-q", "-iex", "set auto-load local-gdbinit off", "-d", ".", f"{options.build}/kernel.elf", "-x", COMMANDS,
            *(word for step in steps for word in ("-ex", step)), *shlex.split(options.gdb_arguments)]


def roots(options):
    """Where the programs' symbols are looked for: what was built here, then what was laid over it."""
    return os.pathsep.join([f"{options.build}/user", *filter(None, options.root)])


def qemu_gdb(options):
    """Becomes QEMU, which waits for a debugger; this terminal is the machine's console."""
    initrd, kept = guest.root_file_system(options)
    stub = options.stub or f"{tempfile.mkdtemp(prefix='astrolabe-gdb-')}/stub"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(stub)
    command = machine_command(options, stub, initrd, ["-serial", "mon:stdio"])
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    print(f"The machine waits for a debugger:\n  gdb-multiarch -nx -x .gdbinit -ex 'target remote {stub}'", file=sys.stderr, flush=True)
    os.execv(command[0], command)


def wait_for(path, machine):
    """Returns when QEMU has made its socket; it does so within some milliseconds or not at all."""
    while not os.path.exists(path):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise BootError(f"QEMU ended at once, with status {machine.wait(timeout=0.01)}")
