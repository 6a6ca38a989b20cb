"""The walk of a page table, by physical reads (kern/arch/sv39.h has the picture)."""

import dataclasses

from astrolabe.core import memory
from astrolabe.core.memory import PAGE, Corrupt

V, R, W, X, U, G, A, D = (1 << bit for bit in range(8))
LETTERS = "VRWXUGAD"
USER_HALF_END = 1 << 38


@dataclasses.dataclass(frozen=True)
class Entry:
    level: int  # 2: in the root, 0: of a page
    index: int
    bits: int

    def has(self, flag):
        return bool(self.bits & flag)

    @property
    def frame(self):
        return self.bits << 2 & (1 << 56) - PAGE

    def is_leaf(self):
        return bool(self.bits & (R | W | X))

    def is_table(self):
        return self.has(V) and not self.is_leaf()

    def flags(self):
        """`V R W . U . A D`-like, without blanks: a dot for a flag that is not set."""
        return "".join(letter if self.bits >> bit & 1 else "." for bit, letter in enumerate(LETTERS))


def span(level):
    return 1 << (12 + 9 * level)


class Table:
    def __init__(self, root):
        self.root = root  # physical

    def walk(self, address):
        """The entries on the way to an address, root first; the last one is a leaf or not valid."""
        table = self.root
        for level in (2, 1, 0):
            index = address >> (12 + 9 * level) & 511
            entry = Entry(level, index, int.from_bytes(memory.read_physical(table + 8 * index, 8), "little"))
            yield entry
            if not entry.is_table() or level == 0:
                return
            table = entry.frame

    def place(self, address):
        """The physical address of the last entry of the walk."""
        *before, last = self.walk(address)
        return (before[-1].frame if before else self.root) + 8 * last.index

    def leaf(self, address):
        """The last entry of the walk, whatever it is."""
        return list(self.walk(address))[-1]

    def pages(self, start=0, end=USER_HALF_END):
        """(address, Entry) of each entry with something in it that is no table, in [start, end)."""
        yield from self._pages(self.root, 2, 0, start, end)

    def _pages(self, table, level, base, start, end):
        data = memory.read_physical(table, PAGE)
        first, last = max(0, (start - base) // span(level)), min(512, -(-(end - base) // span(level)))
        for index in range(first, last):
            bits = int.from_bytes(data[8 * index : 8 * index + 8], "little")
            if not bits:
                continue
            entry, at = Entry(level, index, bits), base + index * span(level)
            if entry.is_table() and level:
                yield from self._pages(entry.frame, level - 1, at, start, end)
            else:
                yield at, entry

    def physical(self, address):
        """Where a byte lies; None when its page is not there."""
        entry = self.leaf(address)
        if not entry.is_leaf():
            return None
        return (entry.frame & -span(entry.level)) + address % span(entry.level)

    def read(self, address, size):
        """Bytes of the address space; fewer when a page is not there."""
        data = b""
        while len(data) < size:
            at = address + len(data)
            try:
                physical = self.physical(at)
                if physical is None:
                    return data
                data += memory.read_physical(physical, min(PAGE - at % PAGE, size - len(data)))
            except Corrupt:
                return data
        return data
