"""The same operations in a challenge and in the model, and the comparison of what came of them.

    session = Session()
    session.map(0x20000000, 8 * PAGE)
    session.unmap(0x20003000, 2 * PAGE)
    session.stop()                         the machine and the model are compared here
    session.run(lab)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from grade.challenge import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_FIXED_NOREPLACE,
    MAP_PRIVATE,
    MAP_SHARED,
    PAGE,
    WORD,
    Challenge,
    Result,
)
from grade.machine.sv39 import Leaf
from grade.model.space import Denied, Page, Space, normal, token
from grade.probe import Lab, Run
from grade.report import Failure, difference

WINDOW = 0x2000_0000  # where challenges map things: far from the probe, its heap and the stack
WINDOW_SIZE = 0x1000_0000
STEPS_SHOWN = 12  # of those before what went wrong
PLACEMENT_FLAGS = {"fixed": MAP_FIXED, "noreplace": MAP_FIXED_NOREPLACE, "hint": 0, "any": 0}


@dataclass
class Snapshot:
    """The model at a STOP, and what the steps before it should have returned."""

    space: Space
    results: list[tuple[Result, int]]
    first_step: int
    last_step: int


@dataclass
class Session:
    """Builds a challenge and models it. Addresses are fixed ones, inside the window."""

    challenge: Challenge = field(default_factory=Challenge)
    space: Space = field(default_factory=Space)
    common: str = ""
    snapshots: list[Snapshot] = field(default_factory=list)
    _pending: list[tuple[Result, int]] = field(default_factory=list)
    _first: int = 0
    _files: dict[str, Result] = field(default_factory=dict)

    def expect(self, result: Result, modelled: Callable[[], int]) -> Result:
        """Records what the model says the step returns."""
        try:
            value = modelled()
        except Denied as denied:
            value = -denied.errno
        self._pending.append((result, value))
        return result

    # OPERATIONS

    def file(self, name: str, first_words: list[int]) -> None:
        """Opens a file of the root file system, whose pages begin with these words."""
        self.space.add_object(name, first_words)
        self._files[name] = self.challenge.open(name)

    def map(
        self,
        at: int,
        size: int,
        perms: str = "rw",
        placement: str = "fixed",
        shared: bool = False,
        file: str | None = None,
        offset: int = 0,
    ) -> Result:
        flags = (MAP_SHARED if shared else MAP_PRIVATE) | PLACEMENT_FLAGS[placement] | (0 if file else MAP_ANONYMOUS)
        fd = self._files[file] if file else -1
        result = self.challenge.mmap(at, size, perms, flags, fd, offset)
        return self.expect(result, lambda: self.space.map(size, perms, at, placement, shared, file, offset))

    def unmap(self, at: int, size: int) -> Result:
        return self.expect(self.challenge.munmap(at, size), lambda: self.space.unmap(at, size))

    def protect(self, at: int, size: int, perms: str) -> Result:
        return self.expect(self.challenge.mprotect(at, size, perms), lambda: self.space.protect(at, size, perms))

    def touch(self, at: int, size: int, value: int) -> None:
        """Writes value + i to page i; all of it must be writable."""
        self.challenge.touch(at, size, value)
        for index in range(size // PAGE):
            self.space.store(at + index * PAGE, value + index)

    def load(self, at: int) -> Result:
        """Reads the first word of a page that may be read."""
        return self.expect(self.challenge.load(at), lambda: self.space.load(at))

    def attempt_load(self, at: int) -> Result:
        """Reads in a child, whatever comes of it."""
        return self._attempt(at, "r", lambda: self.challenge.load(at))

    def attempt_store(self, at: int, value: int = 1) -> Result:
        """Writes in a child, whatever comes of it."""
        return self._attempt(at, "w", lambda: self.challenge.store(at, value))

    def attempt_jump(self, at: int) -> Result:
        """Executes in a child, whatever comes of it."""
        return self._attempt(at, "x", lambda: self.challenge.jump(at))

    def _attempt(self, at: int, kind: str, add: Callable[[], Result]) -> Result:
        result = self.challenge.attempt()
        add()
        return self.expect(result, lambda: self.space.access(at, kind))

    def stop(self) -> None:
        """A place to compare."""
        result = self.challenge.stop()
        self.snapshots.append(Snapshot(copy.deepcopy(self.space), self._pending, self._first, result.step))
        self._pending, self._first = [], result.step + 1

    # COMPARING

    def run(self, lab: Lab, status: int = 0, **options) -> None:
        """Boots, compares at every stop, and expects the machine to end with `status`."""
        if not self.challenge.steps or self.challenge.steps[-1].kind != "END":
            self.challenge.end(status)
        with lab.run(self.challenge, **options) as run:
            for snapshot in self.snapshots:
                run.to_stop()
                self.compare(run, snapshot)
            ended = run.to_end()
            if ended != status:
                did = self.challenge.describe(self._first)
                raise run.failure(did, f"the machine powers off with status {status}", f"status {ended}", self.common)

    def compare(self, run: Run, snapshot: Snapshot) -> None:
        """Results, and the page table. A load that gave a wrong word is shown in the picture, if that differs too."""
        wrong = next((pair for pair in snapshot.results if run.result(pair[0]) != pair[1] & WORD), None)
        last = wrong[0].step + 1 if wrong else snapshot.last_step
        did = self.challenge.describe(max(0, last - STEPS_SHOWN), last)
        picture = difference(*views(run, snapshot.space), did, self.common)
        if wrong and not (picture and self.challenge.steps[wrong[0].step].kind == "LOAD"):
            run.expect(*wrong, self.common, did)
        if picture:
            raise picture


def views(
    run: Run, space: Space, start: int = WINDOW, size: int = WINDOW_SIZE
) -> tuple[dict[int, str], dict[int, str]]:
    """The window as the model has it and as the page table has it. What the contract leaves open is shown as the model
    has it: a page not touched yet may be absent, and a right to write may wait for the next write fault."""
    leaves = {leaf.address: leaf for leaf in run.leaves(start, size)}
    expected = space.tokens(start, start + size)
    yours = {}
    for page in expected.keys() | leaves.keys():
        leaf, model = leaves.get(page), space.pages.get(page)
        if leaf is None and must_be_present(space, page):
            yours[page] = "absent"
        elif leaf is None or (model and agrees(run, space, page, model, leaf)):
            yours[page] = expected[page]
        else:
            yours[page] = seen(run, leaf, space)
    return expected, yours


def must_be_present(space: Space, page: int) -> bool:
    """A private page that was written holds what nothing else holds."""
    return page in space.pages and bool(space.pages[page].perms) and space.has_written(page)


def agrees(run: Run, space: Space, page: int, model: Page, leaf: Leaf) -> bool:
    """Whether a translation is one that the mapping may have."""
    wanted = set(model.perms) | ({"r"} if "w" in model.perms else set())
    have = set(normal(leaf.perms))
    return leaf.user and have <= wanted and wanted - have <= {"w"} and word_in(run, leaf) == space.load(page) & WORD


def word_in(run: Run, leaf: Leaf) -> int:
    return int.from_bytes(run.machine.read_physical(leaf.frame, 8), "little")


def seen(run: Run, leaf: Leaf, space: Space | None = None) -> str:
    """A translation as a picture shows it."""
    word = word_in(run, leaf)
    return token(leaf.perms, space.name_of(word) if space else f"{word:x}") + ("" if leaf.user else "(kernel only)")


def check_frame(run: Run, at: int, perms: str, word: int, did: str) -> Leaf:
    """The translation of a page that was just touched; Failure unless it has these rights and begins with this word."""
    leaf = run.leaf(at)
    have = "nothing" if leaf is None else seen(run, leaf)
    wanted = token(perms, f"{word:x}")
    if have != wanted:
        raise Failure(did, f"{at:#x} [{wanted}]", f"{at:#x} [{have}]")
    return leaf
