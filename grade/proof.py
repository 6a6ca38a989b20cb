"""Proof that the graders grade: known-wrong solutions, skeletons and forgers, and what each of them must score.

    labs/<lab>/mutants/<name>.toml     one wrong change to the reference, and exactly the checks that it must lose
    grade/tests/forgers/<name>.toml    code for some holes of a skeleton that only pretends
"""

from __future__ import annotations

import os
import random
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from grade.overlay import clean_files, is_built, locked
from grade.runner import run_checks
from grade.workspace import Files, build, make_base, restore
from labs.catalog import ROOT, Lab, all_labs
from labs.problem import Problem

SEED = 1
OTHERS = 4  # checks that a mutant must not lose, of those that are looked at


@dataclass(frozen=True)
class Mutant:
    """One wrong change, and the checks it must lose."""

    path: Path
    title: str
    file: str
    find: str
    replace: str
    loses: frozenset[str]

    @property
    def lab(self) -> str:
        return self.path.parent.parent.name

    def applied(self, files: Files) -> Files:
        """The tree with the change made. Problem when its place is not found exactly once."""
        content, mode = files[self.file]
        text = content.decode()
        if text.count(self.find) != 1:
            raise Problem(f"{self.path}: `find` is {text.count(self.find)} times in {self.file}, should be once")
        return files | {self.file: (text.replace(self.find, self.replace).encode(), mode)}


def mutants(root: Path = ROOT) -> list[Mutant]:
    """Every mutant of every lab."""
    found = []
    for path in sorted(root.glob("labs/*/mutants/*.toml")):
        table = tomllib.loads(path.read_text())
        found.append(
            Mutant(path, table["title"], table["file"], table["find"], table["replace"], frozenset(table["loses"]))
        )
    return found


def looked_at(mutant: Mutant, lab: Lab, seed: str) -> list[str]:
    """The checks that a mutant is held against: those it must lose, and some of those it must not, chosen by the seed."""
    others = sorted((lab.checks | lab.hidden).keys() - mutant.loses)
    sample = random.Random(f"{seed} {lab.folder} {mutant.path.stem}").sample(others, min(OTHERS, len(others)))
    return [*sorted(mutant.loses), *sample]


def grade(lab: Lab, files: Files, checks: Collection[str] = (), seed: int = SEED) -> dict[str, dict]:
    """Builds a tree for one lab and runs its checks, or only these: their results by name. BuildFailed when it does not
    compile."""
    folder = ROOT / "build" / "grade"
    base = make_base(clean_files(ROOT), all_labs(), folder / "reference")
    workspace = folder / "proof" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with locked(workspace):
        with locked(folder / "reference"):
            restore(workspace / "tree", base)
        built = build(lab, {name: file for name, file in files.items() if is_built(name, [lab])}, workspace / "tree")
        status, results, told = run_checks(lab, built, {"seed": seed, "shrink": "no", "check": ",".join(checks)}, workspace / "results.json")
    if status not in (0, 1):
        raise Problem(f"grading {lab.folder} ended with status {status}: {told[-2000:]}")
    return {result["name"]: result for result in results["checks"]}


def score(results: dict[str, dict]) -> int:
    """Points won."""
    return sum(result["points"] for result in results.values() if result["passed"])


def lost(results: dict[str, dict]) -> set[str]:
    """Names of the checks that failed."""
    return {name for name, result in results.items() if not result["passed"]}
