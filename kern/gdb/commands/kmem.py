"""kmem: the kernel heap, and what leaks from it."""

import collections

from astrolabe.core import slab, words
from astrolabe.core.command import Usage, command

USAGE = "kmem [mark | leaks]"
SHOWN = 20
_marked = {}  # address -> size of what was in use at the mark


@command("kmem", lambda: ["mark", "leaks"])
def kmem(arguments):
    """Show the slabs of the kernel heap by size, and check them; or find what was allocated since a mark and is still there.

    kmem           slots in use and free by size; a chain of free slots that is broken is named
    kmem mark      remember what is in use now
    kmem leaks     what came since the mark: its address, size, type if it has virtual functions, and first words

Mark, let the kernel do what should leave nothing behind (a program from start to end), and look at the leaks."""
    if arguments not in ([], ["mark"], ["leaks"]):
        raise Usage(f"usage: {USAGE}")
    if not arguments:
        yield from totals()
    elif arguments == ["mark"]:
        _marked.clear()
        _marked.update(in_use())
        yield f"marked: {words.count(len(_marked), 'object')} in use, {words.size(sum(_marked.values()))}"
    else:
        yield from leaks()


def totals():
    by_size = collections.defaultdict(list)
    for item in slab.slabs():
        by_size[item.slot_size].append(item)
    yield "  SLOT SIZE  SLABS    IN USE      FREE"
    for size in sorted(by_size):
        items = by_size[size]
        used = sum(len(item.used()) for item in items)
        yield f"  {size:9}  {len(items):5}  {used:8}  {sum(len(item.free) for item in items):8}"
        yield from (f"  !! slab at {item.address:#x}: {item.error}" for item in items if item.error)
    total = sum(len(item.used()) * item.slot_size for items in by_size.values() for item in items)
    yield f"  {words.size(total)} in objects of up to {max(by_size, default=0)} bytes; larger ones are runs of frames (frames)"


def in_use():
    return {slot: item.slot_size for item in slab.slabs() for slot in item.used()}


def leaks():
    if not _marked:
        raise Usage("there is no mark; kmem mark sets one")
    now = in_use()
    new = {address: size for address, size in now.items() if _marked.get(address) != size}
    gone = sum(1 for address in _marked if address not in now)
    yield f"since the mark: {words.count(len(new), 'new object')}, {words.size(sum(new.values()))}; of those marked {gone} went"
    for address, size in sorted(new.items())[:SHOWN]:
        first = " ".join(f"{word:#018x}" for word in (slab.memory.read_number(address), slab.memory.read_number(address + 8)))
        yield f"  {address:#x}  {size:5}  {slab.type_of(address):<28} {first}"
    if len(new) > SHOWN:
        yield f"  ... and {len(new) - SHOWN} more"
