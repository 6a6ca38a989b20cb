"""The tree that is graded: a clean one with the student's files laid over it, built in a confined process.

        reference tree                          handout
        working tree, as it is                  git archive handout       <- clean, whatever became of the working tree
                 |                                   + the lab's files    <- the student's
                 +------------------+---------------------+
                                    v
                 build/grade/<lab>/tree  ->  make kernel.elf and the probes, in bubblewrap

Files are written only when they differ, so that make builds little the second time.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import secrets
import subprocess
import tarfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

from grade.machine.sandbox import confine, have_bubblewrap
from grade.machine.watch import Bounds, OutOfBounds, watched
from labs.catalog import Lab
from labs.handout import HANDOUT_FILE, tracked_files
from labs.problem import Problem
from labs.submit import changed_files

NEVER_BUILT = ("grade/checks/", "grade/tests/", "labs/", ".git/", "docs/")
BUILD_SECONDS = 300
ERROR_LINE = re.compile(r"^[^:]+:\d+(:\d+)?: (fatal )?[eE]rror: |undefined reference|multiple definition|cannot find -l")
SHOWN_ERRORS = 3


class BuildFailed(Problem):
    """The tree does not compile: one line with the first errors."""


def is_handout(root: Path) -> bool:
    return (root / HANDOUT_FILE).exists()


def clean_files(root: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of every file of the clean tree."""
    if not is_handout(root):
        return {
            name: ((root / name).read_bytes(), (root / name).stat().st_mode & 0o777) for name in tracked_files(root)
        }
    result = subprocess.run(["git", "-C", str(root), "archive", "handout"], capture_output=True, check=False)
    if result.returncode != 0:
        raise Problem(
            f"{root}: the tag `handout` is gone ({result.stderr.decode().strip()}); it is what grading starts from"
        )
    with tarfile.open(fileobj=io.BytesIO(result.stdout)) as archive:
        return {
            entry.name: (archive.extractfile(entry).read(), entry.mode & 0o777) for entry in archive if entry.isfile()
        }


def graded_files(root: Path, labs: list[Lab]) -> tuple[dict[str, tuple[bytes, int]], list[str]]:
    """The files to build, and the names of changed files that are ignored because no lab allows them to change."""
    files = clean_files(root)
    ignored: list[str] = []
    if is_handout(root):
        allowed = {name for lab in labs for name in lab.files}
        for name in allowed:
            if not (root / name).is_file():
                raise Problem(f"{name} is missing; the lab expects it")
            files[name] = ((root / name).read_bytes(), 0o644)
        ignored = sorted(changed_files(root) - allowed)
    return {name: file for name, file in files.items() if is_built(name, labs)}, ignored


def is_built(name: str, labs: list[Lab]) -> bool:
    """Whether a file belongs to the tree that is built: not a check, nor a text, unless it is what the lab is about."""
    return not name.startswith(NEVER_BUILT) or any(name in (*lab.files, lab.kernel) for lab in labs)


def write_tree(files: dict[str, tuple[bytes, int]], tree: Path) -> None:
    """Makes `tree` hold exactly these files beside its own build folder; touches only what differs."""
    present = {
        str(path.relative_to(tree))
        for path in tree.rglob("*")
        if path.is_file() and not path.is_relative_to(tree / "build")
    }
    for name in present - files.keys():
        (tree / name).unlink()
    for name, (content, mode) in files.items():
        path = tree / name
        for link in (
            each for each in (*reversed(path.relative_to(tree).parents), Path(name)) if (tree / each).is_symlink()
        ):
            (tree / link).unlink()  # left by an earlier build: not to be written through
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)


def targets(labs: list[Lab]) -> list[str]:
    """What make builds for the checks of these labs."""
    programs = sorted({program for lab in labs for program in lab.programs})
    return ["build/kernel.elf", *(f"build/user/lab/{program}" for program in programs)]


def first_errors(log: str) -> str:
    """The compiler's first errors, for one line."""
    errors = [line.strip() for line in log.splitlines() if ERROR_LINE.search(line)]
    if not errors:
        errors = [line for line in log.splitlines() if "***" in line][:1] or log.splitlines()[-1:]
    more = f" (and {len(errors) - SHOWN_ERRORS} more)" if len(errors) > SHOWN_ERRORS else ""
    return "; ".join(errors[:SHOWN_ERRORS]) + more


def make(tree: Path, targets: list[str], jobs: int = 0, bounds: Bounds = Bounds(seconds=BUILD_SECONDS)) -> None:
    """Builds targets of a tree, confined. BuildFailed with the compiler's words."""
    log = tree / "build" / "grade.log"
    log.parent.mkdir(exist_ok=True)
    jobs = jobs or min(2, os.cpu_count() or 1)
    command = confine(["make", "--no-print-directory", "-C", str(tree), f"-j{jobs}", *targets], writable=(tree,))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    try:
        status = watched(command, log, bounds, environment)
    except OutOfBounds as passed:
        raise BuildFailed(f"the build was ended: {passed}") from None
    if status != 0:
        raise BuildFailed(f"does not compile: {first_errors(read_start(log))}")


def read_start(log: Path, most: int = 1 << 20) -> str:
    """A log's beginning: a hostile one may be of any length."""
    with open(log, "rb") as file:
        return file.read(most).decode(errors="replace")


@contextmanager
def locked(folder: Path):
    """Keeps two graders out of one folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def out_of_sight(root: Path):
    """Keeps a tree's hidden checks from a compiler that bubblewrap does not confine: `.incbin` reads any file whose name it
    knows. So each folder has another name meanwhile; what was left under such a name is brought back first."""
    parent = root / "grade" / "checks"
    for left in parent.glob("*/.hidden-*"):
        left.rename(left.with_name("hidden"))
    moved = {folder: folder.with_name(f".hidden-{secrets.token_hex(16)}") for folder in parent.glob("*/hidden")}
    try:
        for folder, away in moved.items():
            folder.rename(away)
        yield
    finally:
        for folder, away in moved.items():
            if away.exists():
                away.rename(folder)


def build(root: Path, labs: list[Lab], folder: Path) -> tuple[Path, list[str]]:
    """Builds the tree of `root` for these labs under `folder`. Returns the build folder and the ignored changes."""
    files, ignored = graded_files(root, labs)
    tree = folder / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    write_tree(files, tree)
    with nullcontext() if have_bubblewrap() else out_of_sight(root):
        make(tree, targets(labs))
    return tree / "build", ignored
