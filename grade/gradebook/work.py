"""Grading one submission: its files over a clean tree, built and judged in a workspace of its own."""

from __future__ import annotations

import json
import queue
import time
from dataclasses import dataclass
from pathlib import Path

from grade.formats import replace
from grade.gradebook.host_tests import held_against, in_words, run_host_tests
from grade.gradebook.submissions import Submission, read
from grade.overlay import BuildFailed, locked, make, targets
from grade.runner import run_checks
from grade.workspace import lay, restore
from labs.catalog import Lab
from labs.problem import Problem

GRADED, NOT_BUILT, UNREADABLE, TROUBLE = STATES = ("graded", "does not build", "unreadable", "infrastructure")
BUILD_JOBS = 1  # submissions are what runs side by side
MOST_SHOWN = 8


@dataclass(frozen=True)
class Task:
    """What is the same for all submissions of a batch."""

    lab: Lab
    base: Path  # the clean tree, built
    clean: dict[str, bytes]
    seed: int
    context: str  # changes when the tree, the grader or the seed does
    out: Path
    workspaces: queue.SimpleQueue[Path]
    check: str = ""  # only these checks, separated by commas
    host_tests: bool = False
    unconfined: bool = False  # host tests also where only resource limits confine them


def result_path(out: Path, name: str) -> Path:
    return out / "results" / f"{name}.json"


def finished(task: Task, submission: Submission) -> dict | None:
    """The result that an earlier run left for exactly this work, unless that was trouble: this is tried again."""
    try:
        result = json.loads(result_path(task.out, submission.name).read_text())
    except (OSError, ValueError):
        return None
    same = result.get("digest") == submission.digest(task.context)
    return result if same and result.get("state") != TROUBLE else None


def work(task: Task, name: str, path: Path) -> dict:
    """Grades one submission, or takes what an earlier run found; writes and returns the result."""
    try:
        submission = read(name, path, task.lab, task.clean)
    except Problem as problem:
        submission, result = Submission(name), {"state": UNREADABLE, "why": str(problem), "notes": [], "checks": []}
    else:
        result = finished(task, submission)
        if result:
            return result
        result = {"notes": notes(submission)} | grade(task, submission)
    result |= {"name": name, "lab": task.lab.folder, "seed": task.seed, "digest": submission.digest(task.context)}
    shown = result.pop("shown", "")
    replace(task.out / "reports" / f"{name}.txt", report(result, shown))
    replace(result_path(task.out, name), json.dumps(result, indent=1))
    return result


def notes(submission: Submission) -> list[str]:
    """What a person should know of how the submission was taken."""
    told = [f"{name} is missing: the handout's was taken" for name in submission.missing]
    others = submission.others
    told += [f"{name} is no file of the lab: not taken" for name in others[:MOST_SHOWN]]
    return told + ([f"{len(others) - MOST_SHOWN} more are no files of the lab"] if len(others) > MOST_SHOWN else [])


def grade(task: Task, submission: Submission) -> dict:
    """Builds and judges. Whatever goes wrong that is not the submission's fault is the state TROUBLE."""
    started = time.monotonic()
    workspace = task.workspaces.get()
    try:
        with locked(workspace):
            result = judge(task, submission, workspace)
    except BuildFailed as failed:
        result = {"state": NOT_BUILT, "why": str(failed), "checks": []}
    except (OSError, Problem) as error:
        result = {"state": TROUBLE, "why": str(error), "checks": []}
    finally:
        task.workspaces.put(workspace)
    return result | {"seconds": round(time.monotonic() - started, 1)}


def judge(task: Task, submission: Submission, workspace: Path) -> dict:
    tree = workspace / "tree"
    restore(tree, task.base)
    lay({name: (content, 0o644) for name, content in submission.files.items()}, tree)
    make(tree, targets([task.lab]), jobs=BUILD_JOBS)
    options = {"seed": task.seed, "check": task.check}
    host = run_host_tests(task.lab, task.clean, tree, task.unconfined) if task.host_tests else None
    status, found, shown = run_checks(task.lab, tree / "build", options, workspace / "results.json")
    won = sum(check["points"] for check in found["checks"] if check["passed"])
    known = {"checks": found["checks"], "host": held_against(host, won, task.lab.baseline), "shown": shown}
    if status not in (0, 1):
        why = "; ".join(found.get("trouble", [])) or f"the checks ended with status {status}: {shown.strip()[-300:]}"
        return known | {"state": TROUBLE, "why": why}
    return known | {"state": GRADED, "why": ""}


def report(result: dict, shown: str) -> str:
    """What a student may be given: as the terminal shows it, with what is to be said of the submission above."""
    lines = [f"note: {note}" for note in result["notes"]]
    lines += [f"{result['state']}: {result['why']}"] if result["state"] != GRADED else []
    host = result.get("host")
    lines += [f"host tests: {in_words(host)} pass{'; ' * bool(host['why'])}{host['why']}"] if host else []
    return "\n".join([*lines, shown])
