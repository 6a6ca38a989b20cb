"""Reads what a grader needs of a 64-bit little-endian ELF file: symbols, sections, segments; and patches sections."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

FARTHEST = 1 << 16  # bytes of the longest function
SHT_SYMTAB = 2
SHT_NOBITS = 8
PT_LOAD = 1


@dataclass(frozen=True)
class Section:
    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True)
class Segment:
    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    size: int


class Elf:
    """An ELF file held in memory. `data` may be patched in place."""

    def __init__(self, path: Path):
        self.path = path
        self.data = bytearray(path.read_bytes())
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a 64-bit little-endian ELF file")
        (self.entry, self.phoff, shoff) = struct.unpack_from("<QQQ", self.data, 24)
        (self.phentsize, self.phnum, shentsize, shnum, shstrndx) = struct.unpack_from("<HHHHH", self.data, 54)
        self.segments = [self._segment(self.phoff + i * self.phentsize) for i in range(self.phnum)]
        raw = [struct.unpack_from("<IIQQQQII", self.data, shoff + i * shentsize) for i in range(shnum)]
        names = raw[shstrndx][4] if raw else 0
        self.sections = [Section(self._string(names + s[0]), s[1], s[3], s[4], s[5], s[6]) for s in raw]
        self.symbols = self._read_symbols()

    def _segment(self, at: int) -> Segment:
        kind, flags, offset, address, _, file_size, size, _ = struct.unpack_from("<IIQQQQQQ", self.data, at)
        return Segment(kind, flags, offset, address, file_size, size)

    def _string(self, at: int) -> str:
        return self.data[at : self.data.index(0, at)].decode()

    def _read_symbols(self) -> dict[str, int]:
        symbols = {}
        for section in self.sections:
            if section.kind == SHT_SYMTAB:
                strings = self.sections[section.link].offset
                for at in range(section.offset, section.offset + section.size, 24):
                    name, _, _, _, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                    symbols[self._string(strings + name)] = value
        return symbols

    def function_at(self, address: int) -> str:
        """The name of the function that an address lies in, as C++ writes it; "" when there is none."""
        below = [(value, name) for name, value in self.symbols.items() if 0 <= address - value < FARTHEST]
        name = max(below)[1] if below else ""
        filter_ = shutil.which("riscv64-linux-gnu-c++filt") or shutil.which("c++filt")
        if not name.startswith("_Z") or not filter_:
            return name
        return subprocess.run([filter_, "-p", name], capture_output=True, text=True, check=False).stdout.strip()

    def section(self, name: str) -> Section:
        """The section called `name`; KeyError when there is none."""
        for section in self.sections:
            if section.name == name:
                return section
        raise KeyError(f"{self.path}: no section {name}")

    def patch(self, name: str, content: bytes) -> None:
        """Replaces the beginning of a section's bytes, the rest zeroed."""
        section = self.section(name)
        if section.kind == SHT_NOBITS or len(content) > section.size:
            raise ValueError(f"{self.path}: {len(content)} bytes do not fit in {name} ({section.size})")
        self.data[section.offset : section.offset + section.size] = content.ljust(section.size, b"\0")

    def data_at(self, address: int, size: int) -> bytes:
        """Bytes of the file by the address they are loaded to."""
        segment = next(each for each in self.loads() if each.address <= address < each.address + each.file_size)
        offset = segment.offset + address - segment.address
        return bytes(self.data[offset : offset + size])

    def loads(self) -> list[Segment]:
        """The segments that a loader maps."""
        return [segment for segment in self.segments if segment.kind == PT_LOAD]

    def code(self) -> tuple[int, bytes]:
        """Address and bytes of the section .text."""
        text = self.section(".text")
        return text.address, bytes(self.data[text.offset : text.offset + text.size])
