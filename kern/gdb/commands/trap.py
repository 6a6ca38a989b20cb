"""trap: why the hart came into the kernel."""

import gdb

from astrolabe.core import kernel, linux
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import Corrupt

INTERRUPT = 1 << 63
# Privileged spec, table 4.2.
EXCEPTIONS = ["instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint", "load address misaligned",
              "load access fault", "store address misaligned", "store access fault", "system call from user mode",
              "call from the kernel to the firmware", "reserved (10)", "reserved (11)", "page fault on an instruction", "page fault on a load",
              "reserved (14)", "page fault on a store"]
INTERRUPTS = {1: "interrupt from another hart", 5: "timer interrupt", 9: "interrupt from a device"}
ARGUMENTS = ("a0", "a1", "a2", "a3", "a4", "a5")


@command("trap")
def trap(arguments):
    """Say in words what the selected hart's last trap was, and where its program stands.

    trap

scause, stval and sepc are the hart's own registers: of the trap it handles now, or of the last one if it is back in the program.
Then the program's registers as the trap saved them, and its system call with its arguments if that is what it came for."""
    if arguments:
        raise Usage("usage: trap")
    yield f"hart {kernel.cpu_number()} in {kernel.mode()} mode at {place(kernel.register('pc'))}"
    cause = kernel.register("scause")
    yield f"  scause  {cause:#x}: {cause_words(cause)}"
    yield f"  stval   {kernel.register('stval'):#x}{value_words(cause)}"
    yield f"  sepc    {place(kernel.register('sepc'))}"
    yield f"  sstatus {kernel.register('sstatus'):#x}: {status_words(kernel.register('sstatus'))}"
    yield from guarded(program())


def cause_words(cause):
    if cause & INTERRUPT:
        return INTERRUPTS.get(cause & ~INTERRUPT, f"interrupt {cause & ~INTERRUPT}")
    return EXCEPTIONS[cause] if cause < len(EXCEPTIONS) else f"unknown exception {cause}"


def value_words(cause):
    return {2: " (the instruction)", 12: " (the address)", 13: " (the address)", 15: " (the address)"}.get(cause, "")


def status_words(status):
    return (f"interrupts {'on' if status & 2 else 'off'}; before the trap {'on' if status & 32 else 'off'}, "
            f"in the {'kernel' if status & 256 else 'program'}")


def place(address):
    """An address with function and source line, as far as symbols are loaded."""
    line = gdb.find_pc_line(address)
    source = f" ({line.symtab.filename}:{line.line})" if line.symtab else ""
    name = kernel.symbol_at(address)
    name = kernel.without_arguments(name.split(" + ")[0]) + (f"+{name.split(' + ')[1]}" if " + " in name else "")
    return f"{address:#x}" + (f" {name}" if name else "") + source


def program():
    hart = kernel.selected_hart()
    thread = hart.thread() if hart else None
    if thread is None or not thread.is_user():
        yield "  no program: the hart runs " + ("an idle or a kernel thread" if thread else "the firmware, or boots")
        return
    process = thread.process()
    frame = thread.trap_frame()
    yield f"pid {process.pid} {process.name()}, thread {thread.tid()}"
    if kernel.mode() == "user":
        yield "  in user mode now: its registers are the hart's"
        return
    if frame is None:
        raise Corrupt("the thread has no saved registers")
    yield f"  pc {place(frame.pc.number())}  sp {frame.sp.number():#x}  ra {frame.ra.number():#x}"
    yield "  " + "  ".join(f"{name} {frame.get(name).number():#x}" for name in (*ARGUMENTS, "a7"))
    if kernel.register("scause") == 8:
        yield f"  in system call {call(process, frame)}"


def call(process, frame):
    """The call a trap frame holds; a0 is the result once it is there, so the first argument is the one that was saved."""
    space = process.vmar()
    registers = [frame.original_a0.number()] + [frame.get(name).number() for name in ARGUMENTS[1:]]
    return linux.call_words(frame.a7.number(), registers, space.table().read if space else lambda address, size: b"")
