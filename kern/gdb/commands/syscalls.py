"""syscalls: a trace of system calls, made by breakpoints."""

import gdb

from astrolabe.core import kernel, linux, memory
from astrolabe.core.command import Usage, command, guarded, number
from astrolabe.core.place import Place, linker_symbol, type_named

USAGE = "syscalls [on [PID] | off]"
ENTRY = "on_user_syscall"
FRAME = "arch::TrapFrame"
NEVER_RETURNS = {93, 94}  # exit, exit_group
_calls = {}  # address of a thread's saved registers -> what it is in
_points = []  # our breakpoints while it is on


@command("syscalls", lambda: ["on", "off"])
def syscalls(arguments):
    """Trace system calls with decoded arguments and results, or show which ones the threads are in.

    syscalls             what each thread waits in now
    syscalls on [PID]    from now on print a line for each call when it returns (of one process, or of all)
    syscalls off

A line is printed as the call returns, so a call that waits comes late. Tracing stops the machine for an instant at each call:
it is slower, but does the same."""
    if not arguments:
        yield from guarded(waiting())
    elif arguments[0] == "on" and len(arguments) <= 2:
        off()
        on(number(arguments[1]) if len(arguments) == 2 else None)
        yield "system calls are traced; syscalls off ends it"
    elif arguments == ["off"]:
        off()
        yield "system calls are not traced"
    else:
        raise Usage(f"usage: {USAGE}")


def waiting():
    """A thread that sleeps with a call's registers saved is in that call."""
    for process in kernel.processes():
        for thread in process.threads() if not process.is_zombie() else ():
            frame = thread.trap_frame()
            if frame is None or thread.state() != "sleeping":
                continue
            yield f"  {process.pid:5} {process.name():<15} {words_of(frame, process)}"


def words_of(frame, process):
    registers = [frame.original_a0.number()] + [frame.get(f"a{index}").number() for index in range(1, 6)]
    space = process.vmar()
    return linux.call_words(frame.a7.number(), registers, space.table().read if space else lambda address, size: b"")


# TRACING


def on(pid):
    _calls.clear()
    _points.append(Entry(pid))


def off():
    while _points:
        _points.pop().delete()


class Silent(gdb.Breakpoint):
    """Looks, says something, and lets the machine go on."""

    def stop(self):
        try:
            with memory.session():
                self.look()
        except (memory.Corrupt, memory.NoMachine, gdb.error) as error:
            gdb.write(f"syscalls: {error}\n")
        return False


class Entry(Silent):
    """At the first instruction of the kernel's dispatcher: a0 is the trap frame, ra where it returns to."""

    def __init__(self, pid):
        address = linker_symbol(ENTRY)
        super().__init__(f"*{address:#x}", internal=True)
        self.silent, self.pid, self.has_exit = True, pid, False

    def look(self):
        if not self.has_exit:
            _points.append(Exit(kernel.register("ra")))
            self.has_exit = True
        process = kernel.selected_process()
        if process is None or self.pid not in (None, process.pid):
            return
        address = kernel.register("a0")
        frame = Place(address, type_named(FRAME))
        # on a call that is made again after a signal the saved a0 is the argument, too
        text = f"{process.name()}[{kernel.selected_hart().thread().tid()}] {words_of(frame, process)}"
        if frame.a7.number() in NEVER_RETURNS:
            gdb.write(f"{text} = ?\n")
        else:
            _calls[address] = text


class Exit(Silent):
    """Where the dispatcher returns to: sp is the trap frame, its a0 the result."""

    def __init__(self, address):
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True

    def look(self):
        address = kernel.register("sp")
        text = _calls.pop(address, None)
        if text:
            gdb.write(f"{text} = {linux.result_words(Place(address, type_named(FRAME)).a0.number())}\n")
