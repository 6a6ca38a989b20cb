"""Runs challenges: boots the kernel under test with a probe as its first process, and follows it from outside."""

from __future__ import annotations

import random
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grade.challenge import PAGE, WORD, Challenge, DataAddress, Result, resolve
from grade.machine import Machine, Stop, StopKind
from grade.machine.cpio import archive
from grade.machine.elf import Elf
from grade.machine.sv39 import Leaf, PageTable
from grade.report import Failure
from grade.surprise import asked
from grade.trail import Trail, find, mark_of

PROBE_PATH = "/lab/probe"
DEFAULT_BUDGET = 300_000_000  # instructions, some 20 million of them for the boot
KILLED = 128  # added to the signal's number: what the machine ends with when its first program is killed
STEPS_SHOWN = 12  # of those before the one that the probe did not come back from
HINTS = ("lab:", "panic", "assert", "killed by", "astrolabe: cannot", "initramfs:")
FOLDERS = ("dev", "proc", "sys", "tmp", "etc")


def quote(word: str) -> str:
    """A word of the kernel's boot arguments."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"' if not word or any(letter in word for letter in ' "\\\n\t') else word


def source_line(program: Path, address: int) -> str:
    """` (kern/vm/unmap.cpp:31)`, or nothing where the debug information does not say."""
    command = ["riscv64-linux-gnu-addr2line", "-e", str(program), hex(address)]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
    place = re.search(r"\b((?:kern|user)/\S+:\d+)", told)
    return f" ({place[1]})" if place else ""


@dataclass
class Run:
    """A booted probe. Values are valid while the guest stands at a checkpoint."""

    machine: Machine
    elf: Elf
    challenge: Challenge
    kernel: Elf
    kernel_file: Path
    folder: str = ""  # of the lab that is judged
    asked: list[int] = field(default_factory=list)  # steps that the probe will ask for
    mark: bytes = b""  # of the challenge
    done: int = 0  # steps before this one are over
    stops: list[int] = field(default_factory=list)
    program_file: Path | None = None  # of the probe

    def __post_init__(self) -> None:
        self.checkpoint = self.elf.symbols["checkpoint"]
        self.base = self.elf.symbols["challenge"]
        self.results = self.elf.symbols["results"]
        self._table: PageTable | None = None
        self.becomes(self.challenge, self.elf.data_at(self.base, self.challenge.packed_size()))

    def becomes(self, challenge: Challenge, packed: bytes = b"") -> None:
        """From here on the probe is one with this challenge; `packed` is what it must go on to be, when that is known."""
        self.challenge, self.packed = challenge, packed
        self.stops = [number for number, step in enumerate(challenge.steps) if step.kind == "STOP"]
        self.done = 0

    # RUNNING

    def to_stop(self) -> None:
        """Runs to the challenge's next STOP. Failure when the machine stops in another way or elsewhere."""
        did = self.challenge.describe(self.done, self.stops[0])
        self.require(self.run_to(did, self.checkpoint), did)
        if not self.is_unchanged(self.base, self.packed, must_be_present=False):
            raise self.failure(did, "the probe does the steps it was given", "its list of steps was changed")
        self.done = self.stops.pop(0) + 1

    def run_to(self, did: str, *addresses: int) -> Stop:
        """Runs to one of these addresses or the machine's end (without any: to that), and hands out the steps that the probe
        asks for on the way."""
        ask = self.elf.symbols["ask"]
        while True:
            stop = self.machine.run_to(*addresses, *([ask] if self.asked else []))
            if stop.kind is not StopKind.BREAKPOINT or stop.pc != ask:
                return stop
            self.require(stop, did)
            self.hand_out(did)

    def hand_out(self, did: str) -> None:
        """Writes the next of the steps held back to where the probe expects it."""
        place = self.elf.symbols["asked"]
        step = self.challenge.pack_step(self.asked.pop(0), self.base)
        if self.bytes_at(place, len(step)) is None:
            raise self.failure(did, "the probe has its own memory", f"nothing is present at {place:#x}, which it has just written")
        self.machine.gdb.write_memory(place, step)

    def require(self, stop: Stop, did: str) -> None:
        """Raises a Failure unless the guest stands at the checkpoint, in the probe's own code."""
        self._table = None
        if stop.kind is not StopKind.BREAKPOINT:
            raise self.failure(did, "the probe comes to its next checkpoint", self.told(stop))
        if stop.mode != "user":
            raise self.failure(did, "the probe runs in user mode", f"{stop.mode} mode at its checkpoint")
        if not self.has_own_code(must_be_present=stop.pc != self.elf.entry):
            raise self.failure(did, "the probe's own code lies where it was linked", "other bytes")

    def has_own_code(self, must_be_present: bool) -> bool:
        """Whether the probe lies at the probe's addresses. Before its first instruction no page need be there."""
        return self.is_unchanged(*self.elf.code(), must_be_present)

    def is_unchanged(self, address: int, wanted: bytes, must_be_present: bool) -> bool:
        """Whether these bytes lie there; a page may be absent when nothing of it was needed so far."""
        for at in range(address & -PAGE, address + len(wanted), PAGE):
            start, end = max(at, address), min(at + PAGE, address + len(wanted))
            found = self.bytes_at(start, end - start)
            if found != wanted[start - address : end - address] and (found is not None or must_be_present):
                return False
        return True

    def to_end(self) -> int:
        """Runs until the machine powers off, and returns its status."""
        stop = self.run_to(self.challenge.describe(self.done))
        if stop.kind is not StopKind.EXITED:
            raise self.failure(self.challenge.describe(self.done), "the machine powers off", self.told(stop))
        return stop.status

    def told(self, stop: Stop) -> str:
        """How the guest came to stand, with the place in the kernel's source where it stands."""
        if stop.kind is StopKind.EXITED and stop.status - KILLED in set(signal.Signals):
            return f"{stop}: {signal.Signals(stop.status - KILLED).name} killed the probe"
        function = self.kernel.function_at(stop.pc) if stop.mode == "supervisor" else ""
        return f"{stop}{f', in {function}{source_line(self.kernel_file, stop.pc)}' if function else ''}"

    def failure(self, did: str, expected: object, yours: object, common: str = "", picture: str = "") -> Failure:
        """A Failure with what the kernel itself said as a hint; holes of other labs are no news."""
        lines = [line.strip("\x1e\x1f\r") for line in self.machine.console().splitlines()]
        hints = [line for line in lines if any(hint in line for hint in HINTS)]
        hints = [line for line in hints if "; labs/" not in line or f"; labs/{self.folder}" in line]
        return Failure(did, expected, yours, common, [self.with_place(line) for line in hints[-4:]], picture)

    def with_place(self, line: str) -> str:
        """What the kernel says of a fault, with the place in the probe's source, malloc.c for instance."""
        fault = re.search(r"\bkilled by .* from (0x[0-9a-f]+)", line)
        return line + source_line(self.program_file, int(fault[1], 16)) if fault and self.program_file else line

    def explain(self, failure: Failure) -> None:
        """Adds to a Failure what the probe did last, and at which of its steps a debugger should stop."""
        trail = self.trail()
        if trail is None:
            return
        failure.parts["calls"] = "\n".join(trail.calls())
        if trail.unfinished is not None:
            failure.parts["did"] = self.challenge.describe(max(0, trail.unfinished + 1 - STEPS_SHOWN), trail.unfinished + 1)
            failure.parts["step"] = failure.parts["step"] or str(trail.unfinished)

    def trail(self) -> Trail | None:
        return find(self.machine, self.challenge, self.mark)

    # LOOKING

    @property
    def table(self) -> PageTable:
        """The page table in use at this stop."""
        if self._table is None:
            self._table = self.machine.page_table()
        return self._table

    def address(self, at: int) -> int:
        """A place in the challenge's data as an address."""
        return resolve(at, self.base)

    def bytes_at(self, at: int, size: int) -> bytes | None:
        """User memory through the page table; None when a page is not present."""
        return self.table.read(self.address(at) if isinstance(at, DataAddress) else at, size)

    def word_at(self, at: int) -> int | None:
        content = self.bytes_at(at, 8)
        return None if content is None else int.from_bytes(content, "little")

    def result(self, result: Result) -> int:
        """What a step returned, unsigned, with the result's own offset added."""
        word = self.word_at(self.results + 8 * result.step)
        if word is None:
            raise self.failure("", "the probe's results are in its memory", "the page is not present")
        return word + result.offset & WORD

    def expect(self, result: Result, wanted: int, common: str = "", did: str = "") -> None:
        """Raises a Failure unless the step returned `wanted` (negative: an errno)."""
        yours = self.result(result)
        if yours != wanted & WORD:
            show = self.challenge.shown_result
            failure = self.failure(did or self.challenge.text_of(result), show(result, wanted), show(result, yours), common)
            failure.parts["step"] = str(result.step)
            raise failure

    def expect_all(self, wanted: list[tuple[Result, int]]) -> None:
        for result, value in wanted:
            self.expect(result, value)

    def leaf(self, at: int) -> Leaf | None:
        return self.table.find(at)

    def leaves(self, start: int, size: int) -> list[Leaf]:
        """Translations of a user range."""
        return [leaf for leaf in self.table.user_leaves() if start <= leaf.address < start + size]

    def free_pages(self, sysinfo: int) -> int:
        """Free frames as sysinfo(2) reported them into the challenge's data."""
        content = self.bytes_at(sysinfo, 112)
        unit = int.from_bytes(content[104:108], "little")
        return int.from_bytes(content[40:48], "little") * unit // PAGE


@dataclass
class Lab:
    """What a check is given: the built tree, and the seed."""

    build: Path
    seed: int
    name: str
    folder: str = ""  # of the lab
    keep: Path | None = None  # file for what the guest printed
    shrinks: bool = False  # whether a failure looks for a shorter sequence that fails
    patience: int = 1  # for a kernel that needs more instructions than a student's: a check's budget times this
    save: Path | None = None  # folder for what `make gdb CHECK=` boots: the check's kernel and initramfs

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.seed} {self.name}")

    def program(self, name: str) -> Elf:
        return Elf(self.build / "user" / "lab" / name)

    @contextmanager
    def run(
        self,
        challenge: Challenge,
        program: str = "probe",
        files: dict[str, bytes] | None = None,
        others: dict[str, Challenge] | None = None,
        args: tuple[str, ...] = (),
        append: str = "norandmaps",
        budget: int = DEFAULT_BUDGET,
        memory_mib: int = 128,
    ) -> Iterator[Run]:
        """Boots `program` with the challenge as the first process. `files` join it in the root file system; `others`
        are more copies of the program with challenges of their own, by path."""
        seed = f"{self.seed} {self.name}"
        held_back = [] if self.save else asked(challenge, seed)  # with a debugger nobody hands them out
        mark = mark_of(seed)
        elf = self.patched(program, challenge, held_back, mark)
        contents = {PROBE_PATH: bytes(elf.data)} | (files or {})
        for path, other in (others or {}).items():
            contents[path] = bytes(self.patched(program, other, [], mark).data)
        words = ["init=" + PROBE_PATH, "quiet", f"seed={self.seed}", append]
        if args:
            words += ["--", *map(quote, args)]
        kernel, initrd = self.build / "kernel.elf", archive(contents, FOLDERS)
        if self.save:
            self.save_boot(program, initrd, " ".join(words))
        with Machine(kernel, initrd, " ".join(words), budget=budget * self.patience, memory_mib=memory_mib, keep=self.keep) as machine:
            run = Run(machine, elf, challenge, Elf(kernel), kernel, self.folder, held_back, mark)
            run.program_file = self.build / "user" / "lab" / program
            try:
                yield run
            except Failure as failure:
                run.explain(failure)
                raise

    def save_boot(self, program: str, initrd: bytes, append: str) -> None:
        """Leaves what this check boots for a debugger."""
        self.save.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("kernel.elf", (self.build / "kernel.elf").read_bytes()),
            ("initramfs.cpio", initrd),
            ("append", append.encode()),
            ("probe", (self.build / "user" / "lab" / program).read_bytes()),
        ):
            (self.save / name).write_bytes(content)

    def patched(self, program: str, challenge: Challenge, held_back: list[int], mark: bytes) -> Elf:
        """The program's file with a challenge in it."""
        elf = self.program(program)
        elf.patch(".challenge", challenge.pack(elf.symbols["challenge"], held_back, mark))
        return elf
