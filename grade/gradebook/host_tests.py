"""The host tests of a submission: the lab's Criterion suite from the clean tree, linked with the submission's files.

They give no points. Suite and submission are one process, so what that process reports and exits with is the submission's
own word. It is worth reading all the same: AddressSanitizer names a line that the machine cannot. What is held against the
word is the list of tests, which comes from the clean tree: a test that was not heard of has not passed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from grade.machine.sandbox import confine, have_bubblewrap
from grade.machine.watch import Bounds, OutOfBounds, watched
from grade.overlay import BuildFailed, make, read_start
from labs.catalog import Lab

BOUNDS = Bounds(seconds=60, processes=40, memory=2 << 30, file=4 << 20)
TEST = re.compile(r"^(?:MACHINE_TEST|Test)\((\w+), (\w+)", re.MULTILINE)
REPORT = re.compile(r"^(ok|not ok) - (\w+::\w+)", re.MULTILINE)
SANITIZER = re.compile(r"ERROR: (?:Address|Leak)Sanitizer: [^\n]{,100}|[^\s:]+:\d+:\d+: runtime error: [^\n]{,100}")
MOST_LOG = 64 << 10


def tests_of(lab: Lab, clean: dict[str, bytes]) -> list[str]:
    """The names of a lab's host tests; none for a lab without a suite."""
    sources = [content.decode() for name, content in sorted(clean.items()) if name.startswith(f"grade/unit/{lab.folder}/")]
    return [f"{suite}::{name}" for source in sources for suite, name in TEST.findall(source)]


def program_of(lab: Lab) -> str:
    return f"build/host/unit/{lab.folder}"


def run_host_tests(lab: Lab, clean: dict[str, bytes], tree: Path, unconfined: bool = False) -> dict | None:
    """Builds and runs the suite in a tree. How many of its tests pass, and why not all; None for a lab without a suite."""
    wanted = tests_of(lab, clean)
    if not wanted:
        return None
    if not (have_bubblewrap() or unconfined):
        return verdict([], wanted, "not run: bubblewrap does not work here, and --unconfined was not said")
    log = tree / "build" / "host-tests.log"
    try:
        make(tree, [program_of(lab)], jobs=1)
        command = confine([str(tree / program_of(lab)), "-j1", "--tap=-"], readable=(tree / "build" / "host" / "unit",))
        status = watched(command, log, BOUNDS, {"PATH": os.defpath, "LANG": "C.UTF-8"})
    except BuildFailed as failed:
        return verdict([], wanted, f"on the host: {failed}")
    except OutOfBounds as passed:
        return verdict([], wanted, f"ended: {passed}")
    return heard(wanted, status, read_start(log, MOST_LOG))


def heard(wanted: list[str], status: int, log: str) -> dict:
    """What became of each test, as far as the process says it."""
    said: dict[str, set[str]] = {}
    for word, name in REPORT.findall(log):
        said.setdefault(name, set()).add(word)
    passed = [name for name in wanted if said.get(name) == {"ok"}]
    return verdict(passed, wanted, "; ".join(reasons(wanted, said, status, log)))


def reasons(wanted: list[str], said: dict[str, set[str]], status: int, log: str) -> Iterator[str]:
    failed = [name for name in wanted if "not ok" in said.get(name, ())]
    silent = [name for name in wanted if name not in said]
    if failed:
        yield f"failed: {', '.join(failed)}"
    if silent:
        yield f"not heard of, the process ended with status {status}: {', '.join(silent)}"
    elif status != 0 and not failed:
        yield f"the process ended with status {status}"
    yield from dict.fromkeys(SANITIZER.findall(log)[:1])


def verdict(passed: list[str], wanted: list[str], why: str) -> dict:
    return {"passed": len(passed), "of": len(wanted), "why": why}


def held_against(host: dict | None, won: int, baseline: int) -> dict | None:
    """The result, with a word of doubt where all is said to be well and the machine saw nothing of it."""
    if host and host["passed"] == host["of"] and won <= baseline:
        return host | {"why": "; ".join(["all pass by their own word, but the machine gives no point", *filter(None, [host["why"]])])}
    return host


def in_words(host: dict | None) -> str:
    """For a cell of a table; nothing where there is no suite or no result."""
    return f"{host['passed']} of {host['of']}" if host else ""
