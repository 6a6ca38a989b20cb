"""The kernel heap's slots: kern/mm/slab.cpp has the picture."""

import dataclasses

from astrolabe.core import kernel, memory, physical
from astrolabe.core.memory import DIRECT_MAP, PAGE
from astrolabe.core.place import Place, symbol_at


@dataclasses.dataclass
class Slab:
    address: int
    slot_size: int
    live: int  # as the frame's record says
    free: set  # addresses of slots in the free chain
    error: str  # what is wrong with the chain; "" when nothing is

    def slots(self):
        return range(self.address, self.address + PAGE // self.slot_size * self.slot_size, self.slot_size)

    def used(self):
        return [slot for slot in self.slots() if slot not in self.free]


def slot_sizes():
    return [size.number() for size in Place.of(kernel.SLOT_SIZES).elements()]


def slabs():
    records, sizes = physical.frame_records(), slot_sizes()
    for index in range(len(records)):
        if records.use(index) != "slab" or not records.get(index, "refs"):
            continue
        number = records.get(index, "slot_class")
        if number < len(sizes):
            yield read_slab(records, index, sizes[number])


def read_slab(records, index, size):
    address = DIRECT_MAP + records.physical(index)
    live, slot = records.get(index, "live"), records.get(index, "free_slots")
    free, error = set(), ""
    while slot:
        offset = slot - address
        if not 0 <= offset < PAGE or offset % size:
            error = f"the chain of free slots leads to {slot:#x}, which is no slot of it: something wrote to a freed object"
            break
        if slot in free:
            error = f"the chain of free slots comes back to {slot:#x}: freed twice"
            break
        free.add(slot)
        slot = memory.read_number(slot)
    total = PAGE // size
    if not error and total - len(free) != live:
        error = f"{total - len(free)} slots are in use, but its record says {live}"
    return Slab(address, size, live, free, error)


def type_of(address):
    """The class of an object with virtual functions; "" for others."""
    name = symbol_at(memory.read_number(address))
    return name.removeprefix("vtable for ").split(" + ")[0] if name.startswith("vtable for ") else ""
