"""Steps that the guest does not know before their turn.

A kernel can read the probe's file, and so the steps ahead: it could put exactly those pages into its table that are going to be
touched, with the words that are going to be written, and never have a heap or a mapping. Therefore some accesses to memory are
not in the file. The probe asks for them one by one, and the grader writes each into the probe's memory when it is due.
"""

from __future__ import annotations

import random

from grade.challenge import NUMBERS, Challenge

MOST_ASKED = 6  # of a challenge; each costs a stop of the machine
ACCESSES = ("LOAD", "STORE", "TOUCH", "FILL", "SUM")


def asked(challenge: Challenge, seed: str) -> list[int]:
    """The steps that are held back, in their order. What a child does, or what is done many times, is never among them."""
    inside: set[int] = set()
    found = []
    for at, step in enumerate(challenge.steps):
        if step.kind == "CALL" and step.number in (NUMBERS["clone"], NUMBERS["execve"]):
            break  # two would ask for it, or none
        if step.kind in ("TRY", "REPEAT"):
            inside |= set(range(at + 1, at + 1 + (step.number if step.kind == "REPEAT" else 1)))
        elif step.kind in ACCESSES and at not in inside:
            found.append(at)
    return sorted(random.Random(f"{seed} asked").sample(found, min(MOST_ASKED, len(found))))
