"""userbt: a backtrace that goes on in the program."""

import gdb

from astrolabe.core import kernel, memory
from astrolabe.core.command import Usage, command

# As they lie in a TrapFrame, x1 to x31 and pc, by GDB's names.
REGISTERS = ("ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
             "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc")
USER_MODE = 0


@command("userbt", physical=False)
def userbt(arguments):
    """Print the backtrace of the selected hart across the trap: the kernel's functions, then the program's.

    userbt

`backtrace` ends at the trap: what is above has a stack and memory of its own. For the second part the hart is given the program's
registers, as the trap saved them, for the time of this command. Symbols of programs load by themselves (`programs`)."""
    if arguments:
        raise Usage("usage: userbt")
    yield from backtrace()
    if gdb.selected_thread() is None or kernel.mode() == "user":
        return
    with memory.session():
        saved = program_registers()
    if saved is None:
        yield "no program: the hart runs an idle or a kernel thread, or boots"
        return
    yield "-- trap --"
    yield from with_registers({**saved, "priv": USER_MODE}, backtrace)


def backtrace():
    return gdb.execute("backtrace", to_string=True).splitlines()


def program_registers():
    hart = kernel.selected_hart()
    frame = hart.thread().trap_frame() if hart and hart.thread().is_user() else None
    if frame is None:
        return None
    return {name: memory.read_number(frame.address + 8 * index) for index, name in enumerate(REGISTERS)}


def with_registers(values, function):
    """Calls function while the hart has these registers."""
    gdb.newest_frame().select()
    before = {name: kernel.register(name) for name in values}
    try:
        set_registers(values)
        return function()
    finally:
        set_registers(before)


def set_registers(values):
    for name, value in values.items():
        gdb.newest_frame().select()
        gdb.execute(f"set ${name} = {value:#x}", to_string=True)
