"""What the checks of lab 2 share: programs started one after the other, each looked at before its first instruction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grade.challenge import PAGE, Challenge, returned
from grade.model.stack import STACK_LIMIT, STACK_TOP, Found, Plan, parse
from grade.probe import PROBE_PATH, Lab, Run
from grade.report import Failure
from grade.stack_mistakes import recognised
from grade.stack_picture import picture


def listed(strings: list[bytes | None], most: int = 20) -> str:
    """Strings as a report shows them, of long ones the size; None where no string can be read."""

    def shown(text: bytes | None) -> str:
        if text is None:
            return "no string"
        return repr(text.decode(errors="replace")) if len(text) < 24 else f"{len(text)} bytes"

    return f"{{{', '.join(map(shown, strings[:most]))}{', ...' if len(strings) > most else ''}}}"


@dataclass(frozen=True)
class Start:
    """What a program is started with."""

    argv: list[bytes]
    envp: list[bytes]
    path: bytes = b"/lab/next"

    @property
    def plan(self) -> Plan:
        return Plan(self.argv or [b""], self.envp, self.path)

    def __str__(self) -> str:
        argv, envp = listed(self.argv, 6), listed(self.envp, 6)
        return f"execve {self.path.decode()} with argv {argv} ({len(self.argv)}), envp {envp} ({len(self.envp)})"


@dataclass
class Entered:
    """A program that stands before its first instruction."""

    run: Run
    start: Start
    sp: int
    memory: bytes  # from sp to the stack's top

    @property
    def found(self) -> Found:
        return parse(self.sp, self.memory)

    def string_at(self, at: int) -> bytes | None:
        """The NUL-terminated string at an address of the stack."""
        offset = at - self.sp
        if not 0 <= offset < len(self.memory) or b"\0" not in self.memory[offset:]:
            return None
        return self.memory[offset : self.memory.index(b"\0", offset)]

    def aux_values(self) -> dict[str, int]:
        """What the keys say whose values follow from the program and the plan."""
        elf, plan = self.run.elf, self.start.plan
        fixed = {"PAGESZ": PAGE, "CLKTCK": 100, "PHDR": elf.loads()[0].address + elf.phoff, "PHENT": 56, "PHNUM": elf.phnum}
        fixed |= {"BASE": 0, "FLAGS": 0, "ENTRY": elf.entry, "UID": 0, "EUID": 0, "GID": 0, "EGID": 0, "SECURE": 0}
        return fixed | {"RANDOM": plan.random, "EXECFN": plan.execfn}

    def fail(self, expected: object, yours: object, common: str = "") -> Failure:
        """A Failure with the part of the stack that is not as it should be."""
        plan, found = self.start.plan, self.found
        hint = "\n".join(text for text in (recognised(plan, found), common) if text)
        seen = picture(plan, found, self.memory, self.aux_values())
        return self.run.failure(str(self.start), expected, yours, hint, seen)


def to_entry(run: Run, did: str) -> None:
    """Runs until a program stands before its first instruction, whose page is there."""
    while True:
        run.require(run.run_to(did, run.elf.entry), did)
        if run.leaf(run.elf.entry):
            return  # else: it is there when the fault has been answered, and the breakpoint is reached once more


def enter(run: Run, start: Start) -> Entered:
    """Runs until a program stands at its entry, and reads its stack from outside."""
    to_entry(run, str(start))
    sp = run.machine.gdb.registers()["sp"]
    if not STACK_TOP - STACK_LIMIT <= sp < STACK_TOP:
        raise run.failure(str(start), f"sp in the stack, below {STACK_TOP:#x}", f"sp = {sp:#x}")
    memory = run.bytes_at(sp, STACK_TOP - sp)
    if memory is None:
        raise run.failure(str(start), f"memory from sp ({sp:#x}) to {STACK_TOP:#x}", "a page of it is not there")
    return Entered(run, start, sp, memory)


def exec_chain(starts: list[Start]) -> tuple[Challenge, dict[str, Challenge]]:
    """Challenges in which the first program becomes one after the other."""
    challenges = [Challenge() for _ in range(len(starts) + 1)]
    paths = [f"/lab/next{number}" for number in range(len(starts))]
    for challenge, start, path in zip(challenges, starts, paths):
        add_exec(challenge, path, start)
        challenge.end(77)
    challenges[-1].end(0)
    return challenges[0], dict(zip(paths, challenges[1:]))


def add_exec(challenge: Challenge, path: str, start: Start) -> None:
    argv = challenge.pointers([challenge.string(text) for text in start.argv])
    envp = challenge.pointers([challenge.string(text) for text in start.envp])
    challenge.call("execve", challenge.string(path), argv, envp, text=str(start))


def entered(lab: Lab, starts: list[Start]) -> Iterator[Entered]:
    """Starts programs one after the other and yields each as it stands at its entry."""
    challenge, others = exec_chain(starts)
    with lab.run(challenge, others=others) as run:
        enter_first(run)
        for number, start in enumerate(starts):
            yield enter(run, Start(start.argv, start.envp, f"/lab/next{number}".encode()))


def enter_first(run: Run) -> None:
    """Runs until the first process stands at its entry."""
    to_entry(run, f"start {PROBE_PATH}")


def words(random, count: int, longest: int = 20) -> list[bytes]:
    """Random strings, none empty."""
    letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -=/"
    return [bytes(random.choice(letters) for _ in range(random.randrange(1, longest))) for _ in range(count)]


def environment(random, count: int) -> list[bytes]:
    return [name + b"=" + value for name, value in zip(words(random, count, 8), words(random, count, 30))]


def told_size(count: int) -> str:
    """What read(2) returned where other bytes were expected."""
    return f"{count} bytes, not these" if count < 1 << 40 else returned(count)


PAGES_BELOW = 20  # pages that are surely mapped below what the kernel wrote
assert PAGES_BELOW * PAGE < 128 << 10
