"""What hypothesis draws: calls of the mmap family in a small window, told to several machines at once, which must agree.

A difference is shrunk to few calls, and told as one would write them down:

    map(at=0, pages=3, perms='rw', file 1)
    unmap(at=1, pages=1)
    look: 0x200002000 is rw:p:2 on the kernel, rw:p:4 on the model
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from grade.property.machines import FILE_PAGES

WINDOW, PAGES, PAGE = 0x2_0000_0000, 16, 4096

places = st.integers(0, PAGES - 1)
lengths = st.integers(1, 6)
rights = st.sampled_from(["rw", "r", "none", "rx"])  # one of x alone or w alone says other things on other processors


class SpaceMachine(RuleBasedStateMachine):
    """The calls that every machine knows. `machines` is set by machine_of(); the last one is believed."""

    machines: list = []

    def __init__(self):
        super().__init__()
        self.calls: list[str] = []
        self._tell("reset")
        self.calls.clear()
        self.words = 100

    def _tell(self, command, *arguments):
        """The answers of all; they must be equal, but for what an access is refused with."""
        answers = {machine.name: machine.ask(command, *arguments) for machine in self.machines}
        *others, believed = answers.items()
        for name, answer in others:
            if command == "store":
                same = (answer == "0") == (believed[1] == "0")
            else:
                same = answer == believed[1]
            assert same, self._difference(command, (name, answer), believed)
        return believed[1]

    def _difference(self, command, seen, expected) -> str:
        if command not in ("look", "rights"):
            return "\n".join([*self.calls, f"gives {seen[1]} on {seen[0]}, {expected[1]} on {expected[0]}"])
        of_page = [dict(entry.split(":", 1) for entry in text.split()) for _, text in (seen, expected)]
        page = min(page for page in of_page[0] | of_page[1] if of_page[0].get(page) != of_page[1].get(page))
        ours, theirs = (entries.get(page, "not mapped") for entries in of_page)
        return "\n".join([*self.calls, f"{command}: {int(page):#x} is {ours} on {seen[0]}, {theirs} on {expected[0]}"])

    def _note(self, text):
        self.calls.append(text)

    @rule(at=places, pages=lengths, perms=rights, placement=st.sampled_from(["fixed", "fixed", "noreplace"]), shared=st.booleans(),
          file=st.one_of(st.none(), st.integers(0, FILE_PAGES)))
    def map(self, at, pages, perms, placement, shared, file):
        backing = "file" if file is not None else "none"
        self._note(f"map(at={at}, pages={pages}, perms={perms!r}{', no replace' * (placement != 'fixed')}{', shared' * shared}"
                   f"{f', file {file}' if file is not None else ''})")
        self._tell("map", pages * PAGE, perms, WINDOW + at * PAGE, placement, shared, backing, (file or 0) * PAGE)

    @rule(at=places, pages=lengths)
    def unmap(self, at, pages):
        self._note(f"unmap(at={at}, pages={pages})")
        self._tell("unmap", WINDOW + at * PAGE, pages * PAGE)

    @rule(at=places, pages=lengths, perms=rights)
    def protect(self, at, pages, perms):
        self._note(f"protect(at={at}, pages={pages}, perms={perms!r})")
        self._tell("protect", WINDOW + at * PAGE, pages * PAGE, perms)

    # Of one mapping: whether neighbours are one, too, differs, and so does what mremap(2) says then.
    @rule(at=places, old=st.integers(0, 6), new=lengths, to=st.one_of(st.none(), places), keep=st.booleans())
    def remap(self, at, old, new, to, keep):
        keep = keep and old == new and to is not None
        start, space = WINDOW + at * PAGE, self.machines[-1].space
        first = space.pages.get(start)
        if old == 0 and (not first or not first.shared or to == at):
            return
        if first and old and not space.is_one_mapping(start, old * PAGE):
            return
        self._note(f"remap(at={at}, pages={old}, to {new} pages{'' if to is None else f' at {to}'}{', kept' * keep})")
        self._tell("remap", start, old * PAGE, new * PAGE, 0 if to is None else WINDOW + to * PAGE, keep)

    @rule(at=places)
    def store(self, at):
        self.words += 1
        self._note(f"store(at={at}, {self.words})")
        self._tell("store", WINDOW + at * PAGE, self.words)

    @rule()
    def look(self):
        self._tell("look", WINDOW, (PAGES + 8) * PAGE)

    @invariant()
    def rights_agree(self):
        self._tell("rights", WINDOW, (PAGES + 8) * PAGE)

    def teardown(self):
        self._tell("look", WINDOW, (PAGES + 8) * PAGE)


class ForkingMachine(SpaceMachine):
    """And two spaces, one of which runs."""

    forked = False

    @rule()
    def fork(self):
        self._note("fork()")
        self._tell("fork")
        self.forked = True

    @rule()
    def switch(self):
        if self.forked:
            self._note("switch to the other one")
            self._tell("switch")

    # What the kernel chooses by itself: only the model says where.
    @rule(pages=lengths, hint=st.one_of(st.just(0), places))
    def map_anywhere(self, pages, hint):
        self._note(f"map({f'hint {hint}' if hint else 'anywhere'}, pages={pages})")
        self._tell("map", pages * PAGE, "rw", WINDOW + hint * PAGE if hint else 0, "hint" if hint else "any", False, "none", 0)


def compare(kind: type[SpaceMachine], machines: list, examples: int, seed: int | None = None) -> None:
    """Raises AssertionError with the shortest sequence found on which the machines differ."""
    machine = type(kind.__name__, (kind,), {"machines": machines})
    options = settings(max_examples=examples, stateful_step_count=40, deadline=None, database=None, print_blob=False,
                       derandomize=seed is None, suppress_health_check=list(HealthCheck))
    if seed is not None:
        with_seed(seed)(machine)
    run_state_machine_as_test(machine, settings=options)
