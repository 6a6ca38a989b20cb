"""Physical memory: the records of frames (kern/mm/frame.h)."""

import dataclasses

from astrolabe.core import memory
from astrolabe.core.memory import Corrupt
from astrolabe.core.place import Place, type_named

FRAMES = "frame_records"
BUDDIES = "buddies"
RECORD_COUNT = "record_count"


@dataclasses.dataclass
class FrameRecords:
    data: bytes
    first: int  # physical address of the first frame
    address: int  # of the records
    size: int  # of one
    fields: dict  # name -> (offset, bytes, shift, mask)
    uses: list

    def __len__(self):
        return len(self.data) // self.size

    def get(self, index, name):
        offset, size, shift, mask = self.fields[name]
        at = index * self.size + offset
        return int.from_bytes(self.data[at : at + size], "little") >> shift & mask

    def use(self, index):
        value = self.get(index, "use")
        return self.uses[value] if value < len(self.uses) else f"?{value}"

    def runs(self):
        """(index, frames, use) of each run. Frames that the boot left behind were never in one."""
        index = 0
        while index < len(self):
            use = self.use(index)
            is_run = self.get(index, "refs") > 0 or (use == "free" and self.get(index, "next"))
            count = min(1 << self.get(index, "order"), len(self) - index) if is_run else 1
            yield index, count, use
            index += count

    def run_at(self, physical):
        """The run of frames that a physical address lies in; None outside all."""
        index = (physical - self.first) // memory.PAGE
        return next((run for run in self.runs() if run[0] <= index < run[0] + run[1]), None)

    def physical(self, index):
        return self.first + index * memory.PAGE

    def index_of(self, record_address):
        """The number of the record at an address of the kernel; None when it is none."""
        index, rest = divmod(record_address - self.address, self.size)
        return index if 0 <= index < len(self) and rest == 0 else None


def frame_records():
    table = Place.of(FRAMES)
    records, first = table.records.target(), table.first.number()
    if records is None:
        raise Corrupt("the frame allocator has no memory yet")
    count = Place.of(RECORD_COUNT).number()
    size = records.ctype.sizeof
    if not memory.is_ram(first) or not 0 < count <= sum(end - start for start, end in memory.ram()) // memory.PAGE:
        raise Corrupt(f"frame records: {count} from {first:#x} on cannot be")
    fields = {}
    for name in ("refs", "use", "order", "slot_class", "live", "free_slots", "next", "prev"):
        place = Place(0, records.ctype).find(name)
        sole = place.sole()
        shift, width = place.bitfield or (0, 8 * sole.ctype.sizeof)
        fields[name] = (sole.address, sole.ctype.sizeof, shift, (1 << width) - 1)
    uses = [field.name.split("::")[-1] for field in Place(0, records.ctype).use.ctype.fields()]
    return FrameRecords(memory.read(records.address, count * size), first, records.address, size, fields, uses)


def frame_address(record_address):
    """The physical address a frame's record stands for."""
    table = Place.of(FRAMES)
    first, records = table.first.number(), table.records.number()
    index, rest = divmod(record_address - records, type_named("Frame").sizeof)
    if rest or index < 0 or not memory.is_ram(first + index * memory.PAGE):
        raise Corrupt(f"{record_address:#x} is no frame's record")
    return first + index * memory.PAGE
