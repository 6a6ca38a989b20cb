"""Walks Sv39 page tables from outside, over the guest's physical memory.

       38      30 29      21 20      12 11          0
      +----------+----------+----------+-------------+
      |  index 2 |  index 1 |  index 0 |   offset    |      a virtual address
      +----------+----------+----------+-------------+

      53                       10   7 6 5 4 3 2 1 0
      +--------------------------+-+-+-+-+-+-+-+-+-+
      |  frame number            |.|D|A|G|U|X|W|R|V|        an entry
      +--------------------------+-+-+-+-+-+-+-+-+-+
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

PAGE = 4096
USER_ENTRIES = 256  # of the root table: the lower half
MODE_SV39 = 8
V, R, W, X, U, G, A, D = (1 << bit for bit in range(8))


class PhysicalMemory(Protocol):
    """Something that reads guest physical memory."""

    def read_physical(self, address: int, size: int) -> bytes:
        ...


@dataclass(frozen=True)
class Leaf:
    """One translation: the page at `address` lies in the frame at `frame` under these bits."""

    address: int
    frame: int
    bits: int
    size: int = PAGE

    @property
    def perms(self) -> str:
        """Rights as /proc/pid/maps writes them: rwx with dashes."""
        return "".join(letter if self.bits & bit else "-" for letter, bit in zip("rwx", (R, W, X)))

    @property
    def user(self) -> bool:
        return bool(self.bits & U)

    @property
    def dirty(self) -> bool:
        return bool(self.bits & D)

    @property
    def accessed(self) -> bool:
        return bool(self.bits & A)

    def __str__(self) -> str:
        flags = "".join(letter if self.bits & bit else "." for letter, bit in zip("uad", (U, A, D)))
        return f"{self.address:#x} -> {self.frame:#x} {self.perms} {flags}"


class PageTable:
    """The translations of one satp value, as they are now; nothing is cached."""

    def __init__(self, memory: PhysicalMemory, satp: int):
        self._memory = memory
        self.satp = satp

    @property
    def is_paged(self) -> bool:
        return self.satp >> 60 == MODE_SV39

    @property
    def root(self) -> int:
        return (self.satp & ((1 << 44) - 1)) * PAGE

    def _entries(self, table: int) -> tuple[int, ...]:
        return struct.unpack("<512Q", self._memory.read_physical(table, PAGE))

    def find(self, address: int) -> Leaf | None:
        """The translation of one address, or None."""
        table = self.root
        for level in (2, 1, 0) if self.is_paged else ():
            size = PAGE << (9 * level)
            index = address // size % 512
            entry = int.from_bytes(self._memory.read_physical(table + 8 * index, 8), "little")
            if not entry & V:
                return None
            if entry & (R | W | X):
                return Leaf(address // size * size, (entry >> 10 & ((1 << 44) - 1)) * PAGE, entry & 0xFF, size)
            table = (entry >> 10 & ((1 << 44) - 1)) * PAGE
        return None

    def user_leaves(self) -> Iterator[Leaf]:
        """Every translation of the user half, ascending."""
        if self.is_paged:
            yield from self._walk(self.root, 2, 0, USER_ENTRIES)

    def _walk(self, table: int, level: int, base: int, count: int) -> Iterator[Leaf]:
        size = PAGE << (9 * level)
        for index, entry in enumerate(self._entries(table)[:count]):
            if not entry & V:
                continue
            frame = (entry >> 10 & ((1 << 44) - 1)) * PAGE
            if entry & (R | W | X):
                yield Leaf(base + index * size, frame, entry & 0xFF, size)
            elif level:
                yield from self._walk(frame, level - 1, base + index * size, 512)

    def table_frames(self) -> int:
        """How many frames the tables of the user half take, the root left out."""
        return self._count(self.root, 2, USER_ENTRIES) if self.is_paged else 0

    def _count(self, table: int, level: int, entries: int) -> int:
        total = 0
        for entry in self._entries(table)[:entries]:
            if level and entry & V and not entry & (R | W | X):
                total += 1 + self._count((entry >> 10 & ((1 << 44) - 1)) * PAGE, level - 1, 512)
        return total

    def read(self, address: int, size: int) -> bytes | None:
        """Bytes at a virtual address, or None when a page of them is not present."""
        data = b""
        while len(data) < size:
            at = address + len(data)
            leaf = self.find(at)
            if leaf is None:
                return None
            count = min(size - len(data), leaf.address + leaf.size - at)
            data += self._memory.read_physical(leaf.frame + at - leaf.address, count)
        return data
