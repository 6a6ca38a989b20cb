"""heap: the program break of a process."""

from astrolabe.core import kernel, words
from astrolabe.core.command import command, guarded, pid_argument, pids
from astrolabe.core.memory import PAGE


@command("heap", pids)
def heap(arguments):
    """Show the heap of a process: start, break, what is mapped and resident of it, and what is not as it should be.

    heap [PID]      without PID the process of the selected hart"""
    process = kernel.process_of(pid_argument(arguments, "heap [PID]"))
    space = kernel.space_of(process)
    start, end, data = space.heap()
    yield f"pid {process.pid} {process.name()}"
    yield f"  start   {start:#x}" + ("" if start % PAGE == 0 else "   <- not the start of a page")
    yield f"  break   {end:#x}   {words.size(end - start) if end >= start else 'below the start: BROKEN'}"
    yield f"  data    {words.size(data)} of the program's own, which RLIMIT_DATA counts, too"
    yield from guarded(parts(space, start, -(-end // PAGE) * PAGE))


def parts(space, start, end):
    """The mappings and holes between start and the break, rounded up to a page."""
    at = start
    for mapping in space.mappings():
        if mapping.end <= start or mapping.start >= max(end, start + 1):
            continue
        if mapping.start > at:
            yield f"  {at:#x}-{mapping.start:#x}  a hole: unmapped by the program, or a mistake"
        here = sum(1 for _ in space.table().pages(max(mapping.start, start), min(mapping.end, end)))
        low, high = max(mapping.start, start), min(mapping.end, end)
        yield f"  {low:#x}-{high:#x}  {words.perms(mapping.perms)}  resident {here} of {(high - low) // PAGE}"
        if mapping.end > end:
            yield f"  {end:#x}-{mapping.end:#x}  {words.perms(mapping.perms)}  the mapping goes on above the break"
        at = high
    if at < end:
        yield f"  {at:#x}-{end:#x}  not mapped, but below the break"
    if start == end:
        yield "  empty: brk has not grown it yet"
