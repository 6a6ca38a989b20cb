"""An initial stack word by word, as it should be beside what was found: argc, argv, envp and the aux vector, decoded."""

from __future__ import annotations

from dataclasses import dataclass

from grade.model.stack import AUX, RANDOM_SIZE, Found, Plan
from grade.side_by_side import arrow, bytes_side_by_side, table

BEFORE, ROWS = 2, 7
LONGEST = 12  # letters of a string that are shown
KEYS = {number: name for name, number in AUX.items()}


@dataclass(frozen=True)
class Row:
    address: int
    what: str
    expected: int | str | None  # None: whatever it is; text: told so
    yours: int | None

    @property
    def differs(self) -> bool:
        return self.expected is not None and self.expected != self.yours


def picture(plan: Plan, found: Found, memory: bytes, values: dict[str, int]) -> str:
    """What differs first: a word between sp and the end of the aux vector, else a byte of the strings; else nothing."""
    rows = all_rows(plan, found, memory, values)
    first = next((at for at, row in enumerate(rows) if row.differs), None)
    if first is None:
        start = max(plan.arg_strings, found.sp)
        return bytes_side_by_side(start, plan.strings()[start - plan.arg_strings :], memory[start - found.sp :])
    shown = rows[max(0, first - BEFORE) : max(0, first - BEFORE) + ROWS]
    cells = [(f"{row.address:#x}", row.what, told(row.expected, plan_text(plan)), told(row.yours, memory_text(found.sp, memory)),
              arrow(row.differs)) for row in shown]
    return table([("address", "what", "expected", "yours", ""), *cells])


def all_rows(plan: Plan, found: Found, memory: bytes, values: dict[str, int]) -> list[Row]:
    """A row for every word from sp on. The aux vector's order is the kernel's own choice; its keys and their values are not."""
    argv = plan.places(plan.argv, plan.arg_strings)
    envp = plan.places(plan.envp, plan.env_strings)
    wanted: list[tuple[str, int | str | None]] = [("argc", len(argv))]
    for name, places in (("argv", argv), ("envp", envp)):
        wanted += [(f"{name}[{number}]", place) for number, place in enumerate(places)] + [(f"{name}[{len(places)}]", 0)]
    have = words(found.sp, memory)
    rows = [Row(found.sp + 8 * at, what, value, have.get(found.sp + 8 * at)) for at, (what, value) in enumerate(wanted)]
    at = found.sp + 8 * len(wanted)
    while at in have and at + 8 in have and at < plan.random:
        key, name = have[at], KEYS.get(have[at], "")
        known = name or key == 0
        rows.append(Row(at, f"key {name}" if name else "AT_NULL" if known else "key", None if known else "a key, or AT_NULL", key))
        rows.append(Row(at + 8, "value", values.get(name) if name else 0 if known else None, have[at + 8]))
        if not name:
            break
        at += 16
    return rows


def words(sp: int, memory: bytes) -> dict[int, int]:
    return {sp + at: int.from_bytes(memory[at : at + 8], "little") for at in range(0, len(memory) - 7, 8)}


def told(value: int | str | None, text_at) -> str:
    """A word, and the string it points to."""
    if value is None or isinstance(value, str):
        return value or "any"
    text = text_at(value)
    return (hex(value) if value > 999 else str(value)) + (f' "{text}"' if text is not None else "")


def plan_text(plan: Plan):
    """The string at an address, as the plan has it."""
    strings = dict(zip(plan.places([*plan.argv, *plan.envp, plan.path], plan.arg_strings), (*plan.argv, *plan.envp, plan.path)))
    return lambda at: readable(strings[at]) if at in strings else None


def memory_text(sp: int, memory: bytes):
    """The string at an address of the stack as it was found."""
    return lambda at: readable(memory[at - sp :].partition(b"\0")[0]) if sp <= at < sp + len(memory) - RANDOM_SIZE // 2 else None


def readable(text: bytes) -> str:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in text[:LONGEST])
    return letters + ("..." if len(text) > LONGEST else "")
