"""What a failed check says, and pictures of address spaces for it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

WIDTH = 120
MARGIN = 8
LABEL = 11


class Failure(AssertionError):
    """A check's verdict against the kernel. The parts become the lines of the report; empty ones are left out."""

    def __init__(
        self,
        did: str = "",
        expected: object = "",
        yours: object = "",
        common: str = "",
        notes: Iterable[str] = (),
        picture: str = "",
    ):
        self.parts = {
            "did": did,
            "expected": str(expected),
            "yours": str(yours),
            "bytes": picture,
            "calls": "",  # these two are added by who knows what the probe did
            "step": "",
            "common": common,
            "console": "\n".join(notes),
        }
        super().__init__("; ".join(f"{key} {value}" for key, value in self.parts.items() if value))


def expect_equal(did: str, expected: object, yours: object, common: str = "") -> None:
    """Raises a Failure that shows both, unless they are equal."""
    if expected != yours:
        raise Failure(did, expected, yours, common)


def labelled(label: str, text: str) -> str:
    """Lines of a report: the label, and the text wrapped beside it."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        lines += textwrap.wrap(line, WIDTH - MARGIN - LABEL, subsequent_indent="  ") or [""]
    indent = " " * (MARGIN + LABEL)
    return " " * MARGIN + label.ljust(LABEL) + ("\n" + indent).join(lines)


def runs(pages: dict[int, str], page_size: int = 4096) -> str:
    """Pages by address as runs: `0x100000 [a a] .. [b]`, brackets around what is adjacent, dots for each page between.

    Long gaps are written as a second address.
    """
    text, previous = "", None
    for address in sorted(pages):
        gap = None if previous is None else (address - previous) // page_size - 1
        if gap is None or gap > 8:
            text += ("]  " if text else "") + f"{address:#x} ["
        elif gap:
            text += "] " + ".. " * gap + "["
        else:
            text += " "
        text += pages[address]
        previous = address
    return text + "]" if text else "nothing"


def difference(expected: dict[int, str], yours: dict[int, str], did: str, common: str = "") -> Failure | None:
    """A Failure with both pictures and the first page in which they differ; None when they are the same."""
    different = sorted(page for page in expected.keys() | yours.keys() if expected.get(page) != yours.get(page))
    if not different:
        return None
    first = different[0]
    near = [page for page in expected.keys() | yours.keys() if abs(page - first) <= 16 * 4096]
    want = runs({page: expected[page] for page in near if page in expected})
    have = runs({page: yours[page] for page in near if page in yours})
    remark = f"   <- {first:#x} is {yours.get(first, 'not mapped')}, should be {expected.get(first, 'not mapped')}"
    return Failure(did, want, have + remark, common)
