"""frames: who has the physical memory."""

import collections

from astrolabe.core import kernel, physical, words
from astrolabe.core.command import Usage, command, guarded, number
from astrolabe.core.memory import DIRECT_MAP, PAGE, Corrupt
from astrolabe.core.place import Place

USAGE = "frames [ADDRESS]"


@command("frames")
def frames(arguments):
    """Count the frames by use, show the free lists, and check them; or tell all about one frame.

    frames               totals, free runs by order, and what contradicts itself
    frames ADDRESS       the frame an address lies in, physical or the kernel's: use, references, who maps it"""
    if not arguments:
        yield from totals(physical.frame_records())
        return
    yield from one_frame(physical.frame_records(), number(" ".join(arguments)))


# ALL


def totals(records):
    by_use = collections.Counter()
    free_runs = collections.Counter()
    for index, count, use in records.runs():
        by_use[use] += count
        if use == "free":
            free_runs[records.get(index, "order")] += 1
    yield f"{len(records)} frames from {records.first:#x} on, {words.size(len(records) * PAGE)}"
    for use, count in sorted(by_use.items(), key=lambda item: -item[1]):
        yield f"  {use:<12}{count:7}  {words.size(count * PAGE)}"
    buddies = Place.of(physical.BUDDIES).inside()
    yield "free runs by order (2^order frames):  " + "  ".join(f"{order}: {free_runs[order]}" for order in sorted(free_runs))
    yield from guarded(check_count(by_use["free"], buddies.free_frames.number()))
    for order, runs_of_order in enumerate(buddies.free_runs.elements()):
        yield from guarded(check_list(records, order, runs_of_order, free_runs[order]))


def check_count(found, counted):
    if found != counted:
        raise Corrupt(f"{found} frames are marked free, but the allocator counts {counted}")
    yield "  the allocator counts the same number of free frames"


def check_list(records, order, runs_of_order, marked):
    count = 0
    for place in runs_of_order.items(f"free runs of order {order}"):
        index = records.index_of(place.address)
        if index is None:
            raise Corrupt(f"free runs of order {order}: {place.address:#x} is no frame's record")
        if records.use(index) != "free" or records.get(index, "order") != order:
            raise Corrupt(f"free runs of order {order}: frame {records.physical(index):#x} in it is {records.use(index)}, order "
                          f"{records.get(index, 'order')}")
        count += 1
    if count != marked:
        raise Corrupt(f"free runs of order {order}: {count} in the list, but {marked} are marked so")
    yield from ()


# ONE


def one_frame(records, address):
    physical = address - DIRECT_MAP if address >= DIRECT_MAP else address
    run = records.run_at(physical)
    if run is None:
        raise Usage(f"{address:#x} lies in no frame; they go from {records.first:#x} to {records.physical(len(records)):#x}")
    first, length, use = run
    yield (f"frame {physical & -PAGE:#x}   {use}, {words.count(records.get(first, 'refs'), 'reference')}, "
           f"{'one frame' if length == 1 else f'in a run of {length} from {records.physical(first):#x} on'}")
    if use == "page_table":
        yield f"  {records.get(first, 'live')} entries are not empty, by its record"
    if use == "slab":
        yield f"  {records.get(first, 'live')} slots in use, by its record; kmem shows the slabs"
    for process in kernel.processes():
        yield from guarded(mapped_in(process, physical & -PAGE))


def mapped_in(process, physical):
    space = process.vmar()
    if space is None:
        return
    if physical == space.root():
        yield f"  pid {process.pid} {process.name()}: the root of its page table"
    for at, entry in space.table().pages():
        if entry.frame == physical:
            yield f"  pid {process.pid} {process.name()}: mapped at {at:#x}  {entry.flags()}"


