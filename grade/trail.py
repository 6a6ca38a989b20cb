"""What the probe did last: the system calls with their results, and the step that it has not come back from.

The probe keeps it in one page of its memory (struct trail in user/lab/probe.h), behind a random mark. So it is found in the
machine's RAM even when the kernel has panicked or powered off. It helps the reader of a report; no verdict depends on it.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from grade.challenge import MARK_SIZE, NUMBERS, Challenge, DataAddress, Result, returned, shown
from grade.machine import Machine

RECENT = 16
WORDS = 3 + RECENT
CALLS_SHOWN = 4
NAMES = {number: name for name, number in NUMBERS.items()}


def mark_of(seed: str) -> bytes:
    """Bytes that stand nowhere else, and are the same for the same check: two runs show the same memory."""
    return random.Random(f"{seed} mark").randbytes(MARK_SIZE)


@dataclass(frozen=True)
class Trail:
    challenge: Challenge
    begun: int
    done: int
    step: int
    recent: tuple[int, ...]

    @property
    def unfinished(self) -> int | None:
        """The step that was begun and is not over; None when there is none, or it only says that the grader looks."""
        return self.step if self.begun > self.done and self.challenge.steps[self.step].kind not in ("STOP", "END") else None

    def calls(self) -> list[str]:
        """The last system calls as `name(arguments) = result`, and what is unfinished."""
        past = [at for at in range(max(0, self.step - RECENT + 1), self.step + 1) if at != self.unfinished]
        made = [at for at in past if self.challenge.steps[at].kind == "CALL"][-CALLS_SHOWN:]
        lines = [f"{self.told(at)} = {returned(self.recent[at % RECENT])}" for at in made]
        if self.unfinished is not None:
            lines.append(f"{self.told(self.unfinished)} has not come back")
        return lines

    def told(self, at: int) -> str:
        """A step in the words of strace."""
        step = self.challenge.steps[at]
        if step.kind == "TRY":
            return f"in a child: {self.told(at + 1)}"
        if step.kind != "CALL":
            return step.text or " ".join([step.kind.lower(), *map(shown, step.arguments)])
        return f"{NAMES.get(step.number, step.number)}({', '.join(self.argument(argument) for argument in step.arguments)})"

    def argument(self, argument: int | Result) -> str:
        """An argument; text of the challenge as text."""
        if not isinstance(argument, DataAddress):
            return shown(argument)
        text = bytes(self.challenge.data[argument:]).partition(b"\0")[0]
        return f'"{text.decode()}"' if text.isascii() and text.decode().isprintable() and text else "..."


def find(machine: Machine, challenge: Challenge, mark: bytes) -> Trail | None:
    """The trail in the machine's memory: of the copies that fork made, the one that is farthest. None: the probe never began."""
    inverted = bytes(byte ^ 0xFF for byte in mark)
    found = []
    for content in machine.find_physical(inverted, MARK_SIZE + 8 * WORDS):
        begun, done, step, *recent = struct.unpack_from(f"<{WORDS}Q", content, MARK_SIZE)
        if begun and step < len(challenge.steps):
            found.append(Trail(challenge, begun, done, step, tuple(recent)))
    return max(found, key=lambda trail: trail.begun, default=None)
