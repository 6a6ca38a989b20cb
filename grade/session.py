"""The same operations in a challenge and in the model, and the comparison of what came of them.

    session = Session()
    session.map(0x20000000, 8 * PAGE)
    session.unmap(0x20003000, 2 * PAGE)
    session.stop()                         the machine and the model are compared here
    session.run(lab)
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

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
from grade.shrink import shrink

WINDOW = 0x2000_0000  # where challenges map things: far from the probe, its heap and the stack
WINDOW_SIZE = 0x1000_0000
BOOTS = 40  # to find the shortest sequence that goes wrong
STEPS_SHOWN = 12  # of those before what went wrong
LEFT_OVER = "a page is in the page table where nothing is mapped: what is unmapped or replaced must leave it, too"
PLACEMENT_FLAGS = {"fixed": MAP_FIXED, "noreplace": MAP_FIXED_NOREPLACE, "hint": 0, "any": 0}


@dataclass
class Snapshot:
    """The model at a STOP, and what the steps before it should have returned."""

    space: Space
    results: list[tuple[Result, int]]
    first_step: int
    last_step: int


def recorded(operation: Callable) -> Callable:
    """An operation that is written down in the session's log."""

    @functools.wraps(operation)
    def record(self, *arguments, **options):
        self.log.append((operation.__name__, arguments, options))
        return operation(self, *arguments, **options)

    return record


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
    log: list[tuple[str, tuple, dict]] = field(default_factory=list)  # the operations so far, to be played again

    def expect(self, result: Result, modelled: Callable[[], int]) -> Result:
        """Records what the model says the step returns."""
        try:
            value = modelled()
        except Denied as denied:
            value = -denied.errno
        self._pending.append((result, value))
        return result

    # OPERATIONS

    @recorded
    def file(self, name: str, first_words: list[int]) -> None:
        """Opens a file of the root file system, whose pages begin with these words."""
        self.space.add_object(name, first_words)
        self._files[name] = self.challenge.open(name)

    @recorded
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

    @recorded
    def unmap(self, at: int, size: int) -> Result:
        return self.expect(self.challenge.munmap(at, size), lambda: self.space.unmap(at, size))

    @recorded
    def protect(self, at: int, size: int, perms: str) -> Result:
        return self.expect(self.challenge.mprotect(at, size, perms), lambda: self.space.protect(at, size, perms))

    @recorded
    def touch(self, at: int, size: int, value: int) -> None:
        """Writes value + i to page i; all of it must be writable."""
        self.challenge.touch(at, size, value)
        for index in range(size // PAGE):
            self.space.store(at + index * PAGE, value + index)

    @recorded
    def load(self, at: int) -> Result:
        """Reads the first word of a page that may be read."""
        return self.expect(self.challenge.load(at), lambda: self.space.load(at))

    @recorded
    def attempt_load(self, at: int) -> Result:
        """Reads in a child, whatever comes of it."""
        return self._attempt(at, "r", lambda: self.challenge.load(at))

    @recorded
    def attempt_store(self, at: int, value: int = 1) -> Result:
        """Writes in a child, whatever comes of it."""
        return self._attempt(at, "w", lambda: self.challenge.store(at, value))

    @recorded
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
        """Boots, compares at every stop, and expects the machine to end with `status`. A Failure tells also which of the
        operations alone go wrong, if they are fewer."""
        try:
            self.run_once(lab, status, **options)
        except Failure as failure:
            failure.parts["shortest"] = self.shortest(lab, **options) if lab.shrinks else ""
            raise

    def shortest(self, lab: Lab, **options) -> str:
        """The least of the operations that still go wrong, told in one line; nothing when all are needed."""
        quiet = replace(lab, keep=None, save=None)
        kept = shrink(self.log, lambda log: fails(log, quiet, **options), BOOTS)
        return replayed(kept).challenge.describe() if len(kept) < len(self.log) else ""

    def run_once(self, lab: Lab, status: int = 0, **options) -> None:
        """Boots and compares."""
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
        tried = wrong and self.challenge.steps[wrong[0].step].kind == "TRY"
        last = wrong[0].step + (2 if tried else 1) if wrong else snapshot.last_step
        did = self.challenge.describe(max(0, last - STEPS_SHOWN), last)
        expected, yours = views(run, snapshot.space)
        picture = difference(expected, yours, did, "\n".join(text for text in (left_over(expected, yours), self.common) if text))
        if wrong and not (picture and self.challenge.steps[wrong[0].step].kind == "LOAD"):
            run.expect(*wrong, self.common, did)
        if picture:
            picture.parts["step"] = str(wrong[0].step if wrong else snapshot.last_step)
            raise picture


def left_over(expected: dict[int, str], yours: dict[int, str]) -> str:
    """The mistake, where the first page that differs is one that should not be there."""
    first = min((page for page in expected.keys() | yours.keys() if expected.get(page) != yours.get(page)), default=None)
    return LEFT_OVER if first in yours and first not in expected else ""


def replayed(log: list[tuple[str, tuple, dict]]) -> Session:
    """A session of these operations, but for those that would have no defined outcome: a file that was not opened, a store
    or load that is not allowed. It is compared once, at the end."""
    session = Session()
    for name, arguments, options in log:
        space, at = session.space, arguments[0]
        if name == "map" and options.get("file") not in (None, *session._files):
            continue
        if name == "load" and space.access(at, "r"):
            continue
        if name == "touch" and any(space.access(page, "w") for page in range(at, at + arguments[1], PAGE)):
            continue
        getattr(session, name)(*arguments, **options)
    session.stop()
    return session


def fails(log: list[tuple[str, tuple, dict]], lab: Lab, **options) -> bool:
    """Whether these operations go wrong, too."""
    try:
        replayed(log).run_once(lab, **options)
    except Failure:
        return True
    return False


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
