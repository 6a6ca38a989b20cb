"""Challenges: lists of steps for a probe program, and the bytes of its section .challenge (user/lab/probe.h)."""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass, field

PAGE = 4096
MOST_STEPS = 640
DATA_SIZE = 32 * 1024
STEP_SIZE = 8 + 6 * 16 + 6 * 8
MARK_SIZE = 16
DATA_OFFSET = (8 + MARK_SIZE + MOST_STEPS * STEP_SIZE + 15) & ~15
WORD = (1 << 64) - 1

KINDS = "END CALL STOP LOAD STORE TOUCH FILL SUM TRY JUMP REPEAT ALLOC FREE RESIZE ASK".split()
NUMBERS = {
    "openat": 56,
    "close": 57,
    "lseek": 62,
    "read": 63,
    "write": 64,
    "exit_group": 94,
    "sysinfo": 179,
    "getpid": 172,
    "brk": 214,
    "munmap": 215,
    "mremap": 216,
    "clone": 220,
    "execve": 221,
    "mmap": 222,
    "mprotect": 226,
    "madvise": 233,
    "wait4": 260,
    "prlimit64": 261,
}

PROT = {"r": 1, "w": 2, "x": 4}
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE = 1, 2, 0x10, 0x20, 0x100000
AT_FDCWD = -100
SIGSEGV, SIGBUS = 11, 7
ERRNO = {
    1: "EPERM",
    2: "ENOENT",
    7: "E2BIG",
    8: "ENOEXEC",
    9: "EBADF",
    12: "ENOMEM",
    13: "EACCES",
    14: "EFAULT",
    17: "EEXIST",
    19: "ENODEV",
    22: "EINVAL",
    38: "ENOSYS",
    75: "EOVERFLOW",
    95: "EOPNOTSUPP",
}


def prot_bits(perms: str) -> int:
    """PROT_ bits of rights written as `rw` or `r-x`."""
    return sum(PROT[letter] for letter in perms if letter != "-")


@dataclass(frozen=True)
class Result:
    """What an earlier step returned, plus an offset: an argument not known before the run."""

    step: int
    offset: int = 0

    def __add__(self, offset: int) -> Result:
        return Result(self.step, self.offset + offset)

    def __sub__(self, offset: int) -> Result:
        return self + -offset


Argument = int | Result


@dataclass
class Step:
    kind: str
    number: int = 0
    arguments: tuple[Argument, ...] = ()
    strides: tuple[int, ...] = ()
    text: str = ""

    def pack(self) -> bytes:
        """The step as struct step of probe.h."""
        filled = list(self.arguments) + [0] * (6 - len(self.arguments))
        words: list[int] = []
        for argument in filled:
            is_result = isinstance(argument, Result)
            words += [argument.step + 1, argument.offset] if is_result else [0, argument]
        words += list(self.strides) + [0] * (6 - len(self.strides))
        return struct.pack("<II18Q", KINDS.index(self.kind), self.number, *(word & WORD for word in words))


def shown(argument: Argument) -> str:
    """An argument as a person reads it."""
    if isinstance(argument, Result):
        return f"[{argument.step}]" + (f"+{argument.offset:#x}" if argument.offset else "")
    return hex(argument) if abs(argument) > 999 else str(argument)


def returned(value: int) -> str:
    """A system call's result as a person reads it: an address, a number or an errno's name."""
    value &= WORD
    if value > WORD - 4095:
        number = (1 << 64) - value
        return ERRNO.get(number, f"errno {number}")
    return hex(value) if value > 999 else str(value)


def waited(status: int) -> str:
    """A wait status as a person reads it."""
    if status & WORD > WORD - 4095:
        return returned(status)
    names = {0: "the child comes through", SIGSEGV: "killed by SIGSEGV", SIGBUS: "killed by SIGBUS"}
    return names.get(status & 0xFFFF, f"wait status {status:#x}")


@dataclass
class Challenge:
    """Steps in order. Each method adds one and returns its future result."""

    steps: list[Step] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)

    def add(
        self, kind: str, *arguments: Argument, number: int = 0, strides: tuple[int, ...] = (), text: str = ""
    ) -> Result:
        """Any step. `text` says it to a person."""
        if len(self.steps) >= MOST_STEPS:
            raise ValueError("too many steps in one challenge")
        self.steps.append(Step(kind, number, arguments, strides, text))
        return Result(len(self.steps) - 1)

    def text_of(self, result: Result) -> str:
        """What one step does; a step in a child is told with what the child does."""
        step = self.steps[result.step]
        return f"{step.text} {self.steps[result.step + 1].text}" if step.kind == "TRY" else step.text

    def shown_result(self, result: Result, value: int) -> str:
        """What a step returned, as a person reads it."""
        return waited(value) if self.steps[result.step].kind == "TRY" else returned(value)

    def describe(self, first: int = 0, last: int | None = None) -> str:
        """What the steps do, for the line `did` of a report."""
        text = "; ".join(step.text for step in self.steps[first:last] if step.text)
        return text.replace("in a child:; ", "in a child: ").replace("times:; ", "times: ")

    # SYSTEM CALLS

    def call(self, name: str, *arguments: Argument, strides: tuple[int, ...] = (), text: str = "") -> Result:
        """A system call by name."""
        text = text or f"{name}({', '.join(map(shown, arguments))})"
        return self.add("CALL", *arguments, number=NUMBERS[name], strides=strides, text=text)

    def mmap(
        self,
        at: Argument,
        size: int,
        perms: str = "rw",
        flags: int = MAP_PRIVATE | MAP_ANONYMOUS,
        fd: Argument = -1,
        offset: int = 0,
        strides: tuple[int, ...] = (),
        text: str = "",
    ) -> Result:
        """mmap(2), anonymous and private unless said otherwise."""
        what = "file" if not flags & MAP_ANONYMOUS else "anonymous" if flags & MAP_PRIVATE else "shared"
        is_fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)
        where = f"at {shown(at)}" if is_fixed else f"near {shown(at)}" if at else "anywhere"
        pages = f"{size // PAGE} pages" if size % PAGE == 0 else f"{size:#x} bytes"
        of_file = f" from offset {offset:#x}" if what == "file" else ""
        text = text or f"map {what} {pages}{of_file} {perms or 'no rights'} {where}"
        return self.call("mmap", at, size, prot_bits(perms), flags, fd, offset, strides=strides, text=text)

    def munmap(self, at: Argument, size: int, **options) -> Result:
        text = f"unmap {at:#x}-{at + size & WORD:#x}" if isinstance(at, int) else ""
        return self.call("munmap", at, size, **({"text": text} | options))

    def mprotect(self, at: Argument, size: int, perms: str, **options) -> Result:
        text = f"protect {at:#x}-{at + size & WORD:#x} {perms or 'none'}" if isinstance(at, int) else ""
        return self.call("mprotect", at, size, prot_bits(perms), **({"text": text} | options))

    def brk(self, at: Argument) -> Result:
        return self.call("brk", at)

    def open(self, path: str, flags: int = 0) -> Result:
        """openat(2) of an absolute path."""
        return self.call("openat", AT_FDCWD, self.string(path), flags, 0, text=f"open {path}")

    def sysinfo(self) -> int:
        """sysinfo(2) into the challenge's data; returns the address, to be read after the run."""
        at = self.put(bytes(112), 16)
        self.call("sysinfo", at, text="")
        return at

    def set_limit(self, resource: int, value: int) -> Result:
        """prlimit(2) of both limits of this process."""
        return self.call(
            "prlimit64",
            0,
            resource,
            self.put(struct.pack("<QQ", value, value), 8),
            0,
            text=f"limit {resource} = {value:#x}",
        )

    # MEMORY

    def load(self, at: Argument) -> Result:
        return self.add("LOAD", at, text=f"read {shown(at)}")

    def store(self, at: Argument, value: int) -> Result:
        return self.add("STORE", at, value, text=f"write {shown(at)}")

    def touch(self, at: Argument, size: int, value: int) -> Result:
        """Writes value + i to the first word of page i."""
        return self.add("TOUCH", at, size, value, text=f"write {size // PAGE} pages at {shown(at)}")

    def fill(self, at: Argument, size: int, byte: int) -> Result:
        return self.add("FILL", at, size, byte, text=f"fill {size:#x} bytes at {shown(at)}")

    def sum(self, at: Argument, size: int) -> Result:
        """The weighted sum that `word_sum` computes on the host."""
        return self.add("SUM", at, size, text=f"read {size:#x} bytes at {shown(at)}")

    def jump(self, at: Argument) -> Result:
        return self.add("JUMP", at, text=f"execute {shown(at)}")

    # CONTROL

    def stop(self) -> Result:
        """A checkpoint: the grader looks at the machine here."""
        return self.add("STOP")

    def attempt(self) -> Result:
        """The step added next happens in a child; the result is its wait status."""
        return self.add("TRY", text="in a child:")

    def repeat(self, times: Argument, steps: int) -> Result:
        """The `steps` steps added next happen so many times, arguments growing by their strides."""
        return self.add("REPEAT", times, number=steps, text=f"{shown(times)} times:")

    def end(self, status: int = 0) -> Result:
        return self.add("END", status)

    # DATA

    def put(self, content: bytes, alignment: int = 1) -> int:
        """Places bytes in the challenge's data and returns their address in the probe."""
        self.data += bytes(-len(self.data) % alignment)
        at = len(self.data)
        self.data += content
        if len(self.data) > DATA_SIZE:
            raise ValueError("too much data in one challenge")
        return DataAddress(at)

    def string(self, text: str | bytes) -> int:
        return self.put((text.encode() if isinstance(text, str) else text) + b"\0")

    def pointers(self, addresses: list[int]) -> int:
        """A NULL-terminated array of pointers, as execve(2) wants it."""
        at = self.put(bytes(8 * (len(addresses) + 1)), 8)
        self._fixups = getattr(self, "_fixups", [])
        self._fixups.append((int(at), addresses))
        return at

    def pack(self, base: int, asked: Collection[int] = (), mark: bytes = bytes(MARK_SIZE)) -> bytes:
        """The bytes of .challenge, which lies at `base`. In place of the steps `asked` it says that the probe asks for them."""
        data = bytearray(self.data)
        for at, addresses in getattr(self, "_fixups", []):
            for index, address in enumerate(addresses):
                struct.pack_into("<Q", data, at + 8 * index, resolve(address, base))
        steps = b"".join(Step("ASK").pack() if at in asked else self.pack_step(at, base) for at in range(len(self.steps)))
        return (struct.pack("<Q", len(self.steps)) + mark + steps).ljust(DATA_OFFSET, b"\0") + bytes(data)

    def pack_step(self, at: int, base: int) -> bytes:
        """One step, its addresses resolved."""
        step = self.steps[at]
        arguments = tuple(a if isinstance(a, Result) else resolve(a, base) for a in step.arguments)
        return Step(step.kind, step.number, arguments, step.strides).pack()

    def packed_size(self) -> int:
        """Bytes of what the probe only reads: all before the data."""
        return 8 + MARK_SIZE + len(self.steps) * STEP_SIZE


class DataAddress(int):
    """An offset in a challenge's data; becomes an address when the probe's place is known."""

    def __add__(self, other: int) -> DataAddress:
        return DataAddress(int(self) + other)


def resolve(address: int, base: int) -> int:
    return base + DATA_OFFSET + int(address) if isinstance(address, DataAddress) else address


def word_sum(content: bytes) -> int:
    """What the probe's SUM gives for these bytes."""
    words = struct.unpack(f"<{len(content) // 8}Q", content)
    return sum(word * (2 * i + 1) for i, word in enumerate(words)) & WORD
