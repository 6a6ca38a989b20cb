"""The initial stack as the contract has it: where every byte goes, given the top, the strings and the aux vector.

    top ->  8 zero bytes | execfn | env strings | arg strings | random | padding | aux | envp | argv | argc  <- sp
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from grade.model.space import CAP, PAGE

STACK_TOP = CAP - 7 * PAGE  # under `norandmaps`
STACK_LIMIT = 8 << 20
GUARD_GAP = 256 * PAGE
RANDOM_SIZE = 16
AUX = {
    "SYSINFO_EHDR": 33,
    "HWCAP": 16,
    "PAGESZ": 6,
    "CLKTCK": 17,
    "PHDR": 3,
    "PHENT": 4,
    "PHNUM": 5,
    "BASE": 7,
    "FLAGS": 8,
    "ENTRY": 9,
    "UID": 11,
    "EUID": 12,
    "GID": 13,
    "EGID": 14,
    "SECURE": 23,
    "RANDOM": 25,
    "EXECFN": 31,
    "MINSIGSTKSZ": 51,
}


@dataclass
class Plan:
    """Addresses of the parts, computed downward from the top."""

    argv: list[bytes]
    envp: list[bytes]
    path: bytes
    top: int = STACK_TOP

    def __post_init__(self) -> None:
        self.execfn = self.top - 8 - len(self.path) - 1
        self.env_strings = self.execfn - sum(len(text) + 1 for text in self.envp)
        self.arg_strings = self.env_strings - sum(len(text) + 1 for text in self.argv)
        self.random = self.arg_strings - RANDOM_SIZE

    def sp(self, aux_pairs: int) -> int:
        """Where argc goes when the aux vector has so many pairs, AT_NULL included."""
        words = 1 + len(self.argv) + 1 + len(self.envp) + 1 + 2 * aux_pairs
        return (self.random - 8 * words) & ~15

    @staticmethod
    def places(strings: list[bytes], first: int) -> list[int]:
        """The address of each string, the first of which lies at `first`."""
        found = []
        for text in strings:
            found.append(first)
            first += len(text) + 1
        return found

    def strings(self) -> bytes:
        """The bytes from arg_strings to the top."""
        return b"".join(text + b"\0" for text in (*self.argv, *self.envp, self.path)) + bytes(8)

    @property
    def size(self) -> int:
        """What the limit on arguments counts: argv and envp strings with their NULs, and a pointer to each."""
        return sum(len(text) + 1 + 8 for text in (*self.argv, *self.envp))


@dataclass
class Found:
    """An initial stack as it was found in memory: words parsed upward from sp."""

    sp: int
    argc: int
    argv: list[int]
    envp: list[int]
    aux: list[tuple[int, int]]  # without the closing pair
    aux_end: int | None = None  # address behind the closing pair; None: it does not end
    problems: list[str] = field(default_factory=list)

    def value(self, key: str) -> int | None:
        """The value of a key by name; None when it is absent."""
        return dict(self.aux).get(AUX[key])


def parse(sp: int, memory: bytes) -> Found:
    """Reads argc, argv, envp and the aux vector out of the bytes from sp to the stack's top."""
    words = [word for (word,) in struct.iter_unpack("<Q", memory[: len(memory) // 8 * 8])]
    found = Found(sp, words[0] if words else 0, [], [], [])
    at = 1
    for array in (found.argv, found.envp):
        while at < len(words) and words[at]:
            array.append(words[at])
            at += 1
        at += 1
    while at + 1 < len(words):
        key, value = words[at], words[at + 1]
        at += 2
        if key == 0:
            found.aux_end = sp + 8 * at
            break
        found.aux.append((key, value))
    return found
