"""Address spaces: Vmar, its mappings and what goes with it (kern/vm/vmar.h)."""

import dataclasses

from astrolabe.core import memory, sv39
from astrolabe.core.memory import Corrupt
from astrolabe.core.physical import frame_address
from astrolabe.core.place import Place

VM_MAPPING = "VmMapping"
FILE = "File"


def place_address(pointer):
    return pointer.sole().number()


@dataclasses.dataclass
class Mapping:
    place: Place
    start: int
    end: int
    perms: int  # R 1, W 2, X 4
    may_perms: int
    is_shared: bool
    what: str  # ordinary, stack, vdso, vvar
    grows_down: bool
    marks: int
    offset: int
    vmo: int  # its address; 0: anonymous
    path: str


class Vmar:
    def __init__(self, place):
        self.place = place
        self.process_vm = place.process_vm

    def set(self):
        return self.place.mappings.inside().get("set")

    def total_bytes(self):
        return self.place.mappings.inside().total_bytes.number()

    def mappings(self):
        """Ascending. A set that is not in order, or has a link to nowhere, ends in Corrupt."""
        tree = self.set()
        node, seen, low = tree.first.target(), 0, 0
        size = tree.get("size").number()
        before = 0
        while node:
            mapping = read_mapping(node.cast(VM_MAPPING))
            if node.before.number() != before:
                raise Corrupt(f"mapping at {mapping.start:#x}: its link to the mapping before it is wrong")
            if mapping.start < low or mapping.end <= mapping.start:
                raise Corrupt(f"mapping {mapping.start:#x}-{mapping.end:#x} begins before the one below it ends ({low:#x}), or is empty")
            yield mapping
            before, low, seen = node.address, mapping.end, seen + 1
            if seen > size:
                raise Corrupt(f"more mappings are linked than the set counts ({size})")
            node = node.after.target()
        if seen != size:
            raise Corrupt(f"{seen} mappings are linked, but the set counts {size}")

    def table(self):
        return sv39.Table(self.root())

    def page_table(self):
        return self.place.space.table

    def root(self):
        frame = self.page_table().inside().root.target()
        return frame_address(frame.address)

    def active_harts(self):
        return self.place.space.active_harts.number()

    def resident(self):
        """(anonymous, file) pages as the kernel counts them."""
        counts = self.page_table().inside().resident
        return counts.anon.number(), counts.file.number()

    def heap(self):
        """(start, break, bytes of the data segment)"""
        state = self.process_vm.heap.get("state").inside()
        return state.range.start.number(), state.range.end.number(), state.data_segment_size.number()

    def init_stack(self):
        """(sp, argument strings, environment strings), ranges as (start, end); sp is 0 before they are written."""
        stack = self.process_vm.init_stack
        return stack.sp.number(), number_range(stack.arg_strings), number_range(stack.env_strings)

    def vdso(self):
        return self.process_vm.vdso_base.number()

    def stack_limit(self):
        return self.place.mappings.inside().limits.stack.number()

    def executable(self):
        file = self.process_vm.executable_file.target()
        return string(file.cast(FILE).path) if file else ""


def number_range(place):
    return place.start.number(), place.end.number()


def read_mapping(place):
    file = place.file.target()
    start, end = number_range(place.range)
    return Mapping(place, start, end, place.perms.number(), place.may_perms.number(), place.sharing.word() == "shared",
                   place.get("kind").word(), bool(place.grows_down.number()), place.marks.number(), place.vmo_offset.number(),
                   place_address(place.vmo), string(file.cast(FILE).path) if file else "")


def string(place):
    """A String: a Vec<char>."""
    data, size = place.vec()
    return memory.read(place_address(data), size).decode(errors="replace") if 0 < size <= 4096 else ""
