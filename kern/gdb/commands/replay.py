"""rewind, when, goto, lastwrite, and GDB's reverse commands, on a machine that was recorded."""

import gdb

from astrolabe.core import kernel, memory, replay
from astrolabe.core.command import Usage, address_and_pid, command, number
from astrolabe.core.place import type_named

WINDOWS = (20, 300)  # instructions that reverse-step looks back over: few if they do, for each is a stop


@command("when", physical=False)
def when(arguments):
    """Say which instruction since power-on the machine has come to (make replay).

    when"""
    yield f"instruction {replay.now()}"


@command("rewind", physical=False)
def rewind(arguments):
    """Begin the recorded run anew, at power-on (make replay).

    rewind"""
    replay.restart(shows_console=True)
    yield "at power-on"


@command("goto", physical=False)
def goto(arguments):
    """Go to an instruction of the recorded run, forward or back (make replay).

    goto COUNT       as `when` says it"""
    if len(arguments) != 1:
        raise Usage("usage: goto COUNT")
    with replay.or_back():
        replay.goto(number(arguments[0]))
    yield from here()


@command("lastwrite", physical=False)
def lastwrite(arguments):
    """Go back to the instruction that last changed a value (make replay).

    lastwrite EXPRESSION            of the program or the kernel, as print takes it; watch -l and reverse-continue in one
    lastwrite pte ADDRESS [PID]     the entry of the page table for an address, as pt shows it"""
    if not arguments or arguments == ["pte"]:
        raise Usage("usage: lastwrite EXPRESSION, or lastwrite pte ADDRESS [PID]")
    watched = page_entry(arguments[1:]) if arguments[0] == "pte" and len(arguments) > 1 else place_of(" ".join(arguments))
    point = gdb.Breakpoint(at_every_stop(watched), gdb.BP_WATCHPOINT, internal=True)
    try:
        changed = replay.back_to_write(watched, point)
    finally:
        point.delete()
    yield from told(changed, "nothing changed it before")


def page_entry(arguments):
    address, pid = address_and_pid(arguments, "lastwrite pte ADDRESS [PID]")
    with memory.session():
        place = kernel.table_of(pid).place(address)
    return replay.WatchedPlace(f"entry for {address:#x}", memory.DIRECT_MAP + place, type_named("Pte"))


def place_of(expression):
    value = gdb.parse_and_eval(expression)
    if value.address is None:
        raise Usage(f"{expression} lies in no memory")
    return replay.WatchedPlace(expression, int(value.address), value.type)


def at_every_stop(watched):
    """An expression for the same memory that means the same at every stop: `*(unsigned long*)0x7a000`."""
    size = watched.kind.sizeof
    kind = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long"}.get(size)
    return f"*({kind}*){watched.address:#x}" if kind else f"*(char(*)[{size}]){watched.address:#x}"


def told(changed, nothing):
    """What changed at a stop, and where that is."""
    yield from [nothing] if changed is None else changed
    yield from here()


def here():
    yield from gdb.execute("frame", to_string=True).splitlines()
    yield f"instruction {replay.now()}"


def reverse_continue(arguments):
    """Go back to the last stop at a breakpoint or watchpoint (make replay).

    reverse-continue

The recorded machine is run again from its start, twice; a watchpoint stops behind the instruction that changed the value."""
    yield from told(replay.back_to_stop(), "no stop before this one")


def reverse_stepi(arguments):
    """Go back one instruction, or N (make replay).

    reverse-stepi [N]"""
    with replay.or_back():
        replay.goto(replay.now() - (number(arguments[0]) if arguments else 1))
    yield from here()


def reverse_step(arguments):
    """Go back to the beginning of the source line that ran before this one (make replay).

    reverse-step"""
    with replay.or_back():
        count, line = replay.now(), source_line()
        found = next(filter(None, (line_before(count, line, window) for window in WINDOWS)), None)
        if found is None:
            raise Usage(f"no other source line in the last {WINDOWS[-1]} instructions; reverse-stepi {WINDOWS[-1]} goes on")
        replay.goto(found)
    yield from here()


def line_before(count, line, window):
    """The instruction at which the source line before this one began to run; None: it is further back."""
    first = max(0, count - window)
    replay.goto(first)
    lines = []
    for at in range(first, count):
        lines.append((at, source_line()))
        replay.forward(at + 1)
    while lines and lines[-1][1] in (line, None):
        lines.pop()
    if not lines:
        return None
    at, before = lines.pop()
    while lines and lines[-1][1] == before:
        at = lines.pop()[0]
    return at if lines or window == WINDOWS[-1] else None


def reverse_next(arguments):
    """Not there: a call may be any number of instructions long.

    reverse-next      a breakpoint on the line before and reverse-continue get there"""
    raise Usage("cannot be done here; a breakpoint on the line before, or on the function's first line, and reverse-continue get there")


def reverse_finish(arguments):
    """Not there: a call may be any number of instructions long.

    reverse-finish    a breakpoint on the function's first line and reverse-continue get there"""
    reverse_next(arguments)


def source_line():
    place = gdb.find_pc_line(int(gdb.newest_frame().pc()))
    return (place.symtab.filename, place.line) if place.symtab else None


if replay.recording():
    for function in (reverse_continue, reverse_stepi, reverse_step, reverse_next, reverse_finish):
        command(function.__name__.replace("_", "-"), physical=False)(function)
