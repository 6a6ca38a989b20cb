"""Random calls of the mmap family do the same here and on Linux, line by line (user/vmrandom.cpp)."""

import re

from grade.tests.conftest import LONG
from grade.tests.test_run_on_linux import on_astrolabe, on_linux

BATCHES = [f"{first}-{first + 99}" for first in range(1, 1001, 100)] if LONG else ["1-20"]
CALLS = 1000


def by_seed(text: str) -> dict[str, list[str]]:
    return {part.split("\n", 1)[0]: part.splitlines() for part in re.split(r"^(?=seed )", text, flags=re.MULTILINE) if part}


def first_difference(linux: list[str], ours: list[str]) -> str:
    """The calls that led to it, and the command that repeats it."""
    at = next((i for i, (a, b) in enumerate(zip(linux, ours)) if a != b), min(len(linux), len(ours)))
    context = "\n".join(linux[max(0, at - 8):at])
    theirs, mine = (lines[at] if at < len(lines) else "(ended)" for lines in (linux, ours))
    return f"{linux[0]}:\n{context}\n  Linux: {theirs}\n  here:  {mine}\nagain: make run CMD='/bin/vmrandom {linux[0].split()[1]} {CALLS} 1'"


def test_random_calls_do_what_they_do_on_linux():
    for seeds in BATCHES:
        words = ["/bin/vmrandom", seeds, str(CALLS)]
        linux = on_linux(words)
        assert linux.returncode == 0, linux.stderr.decode()
        ours = on_astrolabe(words, "TIMEOUT=600")
        assert ours.returncode == 0, ours.stderr.decode()
        expected, seen = by_seed(linux.stdout.decode()), by_seed(ours.stdout.decode())
        assert expected.keys() == seen.keys()
        for seed, lines in expected.items():
            assert lines == seen[seed], first_difference(lines, seen[seed])


def test_a_difference_is_told_in_few_lines():
    text = first_difference(["seed 3", "1 map", "2 unmap = 0"], ["seed 3", "1 map", "2 unmap = EINVAL"])
    assert "Linux: 2 unmap = 0" in text and "here:  2 unmap = EINVAL" in text and "/bin/vmrandom 3 1000 1" in text
