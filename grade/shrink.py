"""Finds a short list of steps that goes wrong as a longer one did, by leaving steps out and trying again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Step = TypeVar("Step")


def shrink(steps: Sequence[Step], fails: Callable[[list[Step]], bool], tries: int) -> list[Step]:
    """Leaves out ever smaller runs of steps, from the end on, as long as `fails` holds for what remains. At most `tries`
    calls of `fails`: the result depends on nothing but the steps, so two runs say the same."""
    kept = list(steps)
    size = len(kept) // 2
    while size and tries:
        at = len(kept) - size
        while at > -size and tries:
            first = max(0, at)
            without = kept[:first] + kept[at + size :]
            if without:
                tries -= 1
                if fails(without):
                    kept = without
            at -= size
        size //= 2
    return kept
