"""Bytes and words as they should be and as they are, side by side, from just before the first difference on.

         address       expected                  yours
      0x3fffff7fd0  70 72 6f 67 00 41 3d 31   prog.A=1   70 72 6f 67 41 3d 31 00   progA=1.  <-
"""

from __future__ import annotations

from collections.abc import Sequence

ROW = 8
BEFORE, ROWS = 1, 4
NOT_THERE = "--"


def bytes_side_by_side(at: int, expected: bytes, yours: bytes | None) -> str:
    """Two versions of the bytes at an address, decoded; empty when they are the same. What one of them has not is `--`."""
    yours = yours or b""
    size = max(len(expected), len(yours))
    first = next((i for i in range(size) if expected[i : i + 1] != yours[i : i + 1]), None)
    if first is None:
        return ""
    start = max(0, first // ROW - BEFORE) * ROW
    rows = []
    for place in range(start, min(size, start + ROWS * ROW), ROW):
        pair = expected[place : place + ROW], yours[place : place + ROW]
        rows.append((f"{at + place:#x}", *(word for part in pair for word in (in_hex(part), in_text(part))), arrow(pair[0] != pair[1])))
    return table([("address", "expected", "", "yours", "", ""), *rows])


def in_hex(part: bytes) -> str:
    return " ".join([f"{byte:02x}" for byte in part] + [NOT_THERE] * (ROW - len(part)))


def in_text(part: bytes) -> str:
    return "".join(chr(byte) if 33 <= byte < 127 else "." for byte in part)


def arrow(differs: bool) -> str:
    return "<-" if differs else ""


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows with their columns in line."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
