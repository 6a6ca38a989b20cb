"""threads: what runs, waits and sleeps, and where."""

from astrolabe.core import kernel
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import Corrupt

# Functions that every sleeper stands in, and that say nothing.
TOO_DEEP = ("RunQueue::", "Scheduler::sleep_until_set", "WaitQueue::", "arch::switch_context", "swap_registers",
            "load_registers", "Scheduler::yield", "handler_of", "SyscallSignature", "File::read_at", "thread_start")
SHOWN = 3


@command("threads")
def threads(arguments):
    """List the threads: number, process, state, hart, and the functions of the kernel they stand in.

    threads

`*` marks the one that the selected hart runs. The functions are the innermost ones of interest, `<` reads "called by". A thread
that runs in user mode shows its program's address. GDB's own `info threads` shows the harts."""
    if arguments:
        raise Usage("usage: threads")
    selected = kernel.selected_hart()
    mine = selected.thread_place.address if selected else 0
    running = {hart.thread_place.address: hart for hart in kernel.harts()}
    yield "     TID  PROCESS              STATE     HART  WHERE"
    yield from guarded(row(thread, mine, running) for process in kernel.processes() if not process.is_zombie() for thread in process.threads())
    yield from guarded(row(thread, mine, running) for thread in kernel.kernel_threads())


def row(thread, mine, running):
    try:
        process = thread.process()
        owner = f"{process.pid} {process.name()}" if process else owner_words(thread, running)
        return (f"  {'*' if thread.address == mine else ' '}{thread.tid() or '-':>5}  {owner:<20} {thread.state():<9} "
                f"{thread.hart_index():4}  {where(thread, running.get(thread.address))}").rstrip()
    except Corrupt as error:
        return f"  ! thread at {thread.address:#x}: {error}"


def owner_words(thread, running):
    idle = {queue.idle.number() for queue in kernel.Place.of(kernel.QUEUES).elements()}
    return "(idle)" if thread.address in idle else "(kernel)"


def where(thread, hart):
    """Functions of a sleeper; for one that runs, where its hart is known to be."""
    if hart is not None:
        return f"on hart {hart.index}"
    if thread.state() == "dead":
        return ""
    pc, sp, frame_pointer = thread.saved_registers()
    base = thread.stack_base()
    if base and not base <= sp <= base + kernel.KERNEL_STACK_SIZE:
        return f"!! its saved sp {sp:#x} lies outside its stack at {base:#x}"
    names = [kernel.function_of(address - 1) for address in kernel.call_chain(pc, frame_pointer)]
    names = [name for name in names if name and not name.startswith(TOO_DEEP)]
    return " < ".join(name.replace("(anonymous namespace)::", "") for name in names[:SHOWN])
