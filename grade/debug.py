"""make gdb, make qemu-gdb: the machine stopped at its first instruction, with a debugger or waiting for one. make record, make replay:
a run that is written down, and the same run again under a debugger that can also go back in it."""

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from grade import boot, guest
from grade.boot import BootError

COMMANDS = "kern/gdb/load.py"
SETTINGS = ["set confirm off", "set width 0", "set breakpoint pending on"]
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
                             options.icount, extra, debugged=True)


def gdb(options):
    """A debugger that has gone on to the kernel's first line. The machine's console writes between; `type` answers it."""
    return under_debugger(options, ["set pagination on"], shlex.split(options.gdb_arguments))


def show_map(options):
    """Physical memory by owner and the running address space, again and again while the machine runs; OUT= gets a page with a time line."""
    return under_debugger(options, [f"map live {options.out}"], ["-batch"])


def trace(options):
    """The machine's run as a time line for Perfetto (ui.perfetto.dev)."""
    return under_debugger(options, [f"trace-to {options.out or f'{options.build}/trace.json'}"], ["-batch"])


def under_debugger(options, last_steps, arguments):
    debugger = find_debugger(options.gdb)
    initrd, kept = guest.root_file_system(options)
    keyboard, typing = os.pipe()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="astrolabe-gdb-"))  # a place nobody else has
        stub, control = f"{folder}/stub", f"{folder}/qmp"
        extra = ["-serial", "stdio", "-monitor", "none", "-qmp", f"unix:{control},server=on,wait=off"]
        command = machine_command(options, stub, initrd, extra)
        machine = subprocess.Popen(command, stdin=keyboard, pass_fds=kept, start_new_session=True, preexec_fn=boot.die_with_parent)
        os.close(keyboard)
        stack.callback(machine.wait)
        stack.callback(machine.kill)
        wait_for(stub, machine)
        steps = [*SETTINGS, "set pagination off", f"target remote {stub}", "thbreak kernel_main", "continue", *last_steps]
        return run_debugger(debugger_command(debugger, f"{options.build}/kernel.elf", steps, arguments),
                            {"ASTROLABE_KEYBOARD": str(typing), "ASTROLABE_QMP": control, "ASTROLABE_ROOTS": roots(options)}, [typing])


def run_debugger(command, variables, pass_fds=()):
    """Its exit status. Ctrl-C belongs to it alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, check=False, env=os.environ | variables, pass_fds=pass_fds,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode


def debugger_command(debugger, kernel, steps, arguments):
    """GDB with our commands, which then takes these steps. Its own .gdbinit in this folder is for who starts it by hand."""
    return [debugger, "-q", "-iex", "set auto-load local-gdbinit off", "-d", ".", kernel, "-x", COMMANDS,
            *(word for step in steps for word in ("-ex", step)), *arguments]


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


# TIME TRAVEL. One hart and no disk: only then is a run the same each time.


def recording(options):
    """The folder that holds a recorded run: the kernel and root file system it ran with, the log, and QEMU's command line."""
    return Path(options.build) / "recording"


def record(options):
    """Runs the machine in this terminal and writes down what it hears from outside: keys, and when which interrupt came."""
    if options.smp != "1" or options.disk:
        raise BootError("a recorded machine has one hart and no disk (SMP=1, no DISK=)")
    folder = recording(options)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    initrd, _ = guest.root_file_system(options)
    shutil.copy(initrd, folder / "initramfs.cpio")
    shutil.copy(f"{options.build}/kernel.elf", folder / "kernel.elf")
    # Without a network: that has a clock of its own, which no log holds.
    machine = boot.qemu_command(folder / "kernel.elf", folder / "initramfs.cpio", guest.boot_arguments(options), "1", options.mem, False,
                                ["-serial", "stdio", "-monitor", "none", "-net", "none"])
    machine = [str(word) for word in machine]
    log = f"shift=7,rrfile={folder}/log"
    stub = ["-S", "-chardev", "socket,path=STUB,server=on,wait=off,id=stub", "-gdb", "chardev:stub"]
    (folder / "command.json").write_text(json.dumps([*machine, "-icount", f"{log},rr=replay", *stub]))
    (folder / "roots").write_text(roots(options))
    return subprocess.run([*machine, "-icount", f"{log},rr=record"], check=False, preexec_fn=boot.die_with_parent).returncode


def replay(options):
    """The recorded run from its first line on, under a debugger that can go back."""
    folder = recording(options)
    if not (folder / "command.json").exists():
        raise BootError("nothing is recorded; make record CMD='/bin/prog' does it")
    variables = {"ASTROLABE_RECORDING": str(folder / "command.json"), "ASTROLABE_ROOTS": (folder / "roots").read_text()}
    steps = [*SETTINGS, "rewind", "thbreak kernel_main", "continue"]
    command = debugger_command(find_debugger(options.gdb), folder / "kernel.elf", steps, shlex.split(options.gdb_arguments))
    return run_debugger(command, variables)


def wait_for(path, machine):
    """Returns when QEMU has made its socket; it does so within some milliseconds or not at all."""
    while not os.path.exists(path):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise BootError(f"QEMU ended at once, with status {machine.wait(timeout=0.01)}")
