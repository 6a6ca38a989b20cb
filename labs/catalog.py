"""Reads labs/<number>-<name>/lab.toml: which labs there are, their holes, files, checks and points."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from labs.problem import Problem

ROOT = Path(__file__).resolve().parent.parent
POINTS_OF_A_LAB = 100


@dataclass(frozen=True)
class Hole:
    """A place that the student fills: a marked region in one file."""

    name: str
    file: str
    task: int
    hint: str
    lab: str  # the lab's folder name, such as 1-vmar

    @property
    def where_told(self) -> str:
        """What lab_todo() is given as its second argument."""
        return f"labs/{self.lab}, task {self.task}"


@dataclass(frozen=True)
class Lab:
    """One stage, as its lab.toml describes it."""

    number: int
    name: str
    title: str
    holes: tuple[Hole, ...]
    files: tuple[str, ...]  # what a student may change, paths from the root
    checks: dict[str, int]  # points of the public checks, in the order in which they are shown
    hidden: dict[str, int]  # points of the hidden checks; empty in a handout
    hidden_points: int
    hidden_visibility: str  # who sees the hidden checks on a course's site: hidden, or after_due_date
    prerequisites: tuple[str, ...]
    baseline: int  # points that the untouched skeleton scores
    hours: int
    programs: tuple[str, ...] = field(default=())  # probe programs its checks run, names in user/lab/
    kernel: str = ""  # where its handout has the whole kernel, built, since all holes of the sources are open

    @property
    def folder(self) -> str:
        return f"{self.number}-{self.name}"

    @property
    def points(self) -> int:
        return sum(self.checks.values()) + sum(self.hidden.values())


def read_lab(path: Path) -> Lab:
    """Reads one lab.toml. What is missing, unknown or contradictory in it is a Problem naming the file."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{path}: {error}") from error
    number, _, name = path.parent.name.partition("-")
    if not number.isdigit() or not name:
        raise Problem(f"{path}: a lab's folder is called <number>-<name>")
    try:
        lab = Lab(
            number=int(number),
            name=name,
            title=table["title"],
            holes=tuple(
                Hole(name=hole["name"], file=hole["file"], task=hole["task"], hint=hole["hint"], lab=path.parent.name)
                for hole in table["holes"]
            ),
            files=tuple(table["files"]),
            checks=dict(table["checks"]),
            hidden=dict(table.get("hidden", {})),
            hidden_points=table["hidden_points"],
            hidden_visibility=table.get("hidden_visibility", "hidden"),
            prerequisites=tuple(table["prerequisites"]),
            baseline=table["baseline"],
            hours=table["hours"],
            programs=tuple(table.get("programs", ())),
            kernel=table.get("kernel", ""),
        )
    except (KeyError, TypeError) as error:
        raise Problem(f"{path}: no entry {error}" if isinstance(error, KeyError) else f"{path}: {error}") from error
    check_lab(lab, path)
    return lab


def check_lab(lab: Lab, path: Path) -> None:
    """Raises a Problem unless the numbers of a lab.toml add up."""
    public = sum(lab.checks.values())
    if public + lab.hidden_points != POINTS_OF_A_LAB:
        raise Problem(f"{path}: {public} public points and {lab.hidden_points} hidden ones are not {POINTS_OF_A_LAB}")
    if lab.hidden and sum(lab.hidden.values()) != lab.hidden_points:
        raise Problem(f"{path}: [hidden] adds up to {sum(lab.hidden.values())}, hidden_points says {lab.hidden_points}")
    if lab.hidden_visibility not in ("hidden", "after_due_date"):
        raise Problem(f"{path}: hidden_visibility is hidden or after_due_date, not {lab.hidden_visibility}")
    names = [hole.name for hole in lab.holes]
    for name in names:
        if names.count(name) > 1:
            raise Problem(f"{path}: hole {name} is listed twice")
    for hole in lab.holes:
        if hole.file not in lab.files:
            raise Problem(f"{path}: hole {hole.name} is in {hole.file}, which is not among `files`")
    for name in lab.checks.keys() & lab.hidden.keys():
        raise Problem(f"{path}: check {name} is both public and hidden")


def all_labs(root: Path = ROOT) -> list[Lab]:
    """Every lab of the tree, by number."""
    labs = [read_lab(path) for path in (root / "labs").glob("*-*/lab.toml")]
    return sorted(labs, key=lambda lab: lab.number)


def find_lab(name: str, root: Path = ROOT) -> Lab:
    """The lab called `name`: its number, its name, or both (1, vmar, 1-vmar). A Problem lists the known ones."""
    labs = all_labs(root)
    for lab in labs:
        if name in (str(lab.number), lab.name, lab.folder):
            return lab
    known = ", ".join(f"{lab.number} or {lab.name}" for lab in labs) or "none"
    raise Problem(f"no lab is called '{name}'; known labs: {known}" if name else f"which lab? LAB= one of: {known}")
