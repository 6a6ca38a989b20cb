"""Trees to build one submission after another in, quickly and without a trace of the one before.

        base                              workspace, one a worker
    clean tree, built once   --copy-->   clean tree and all that was built of it
                             <-compare-      + the files that differ     ->  make: only these are compiled
                                             restored before the next

A workspace is brought back to the base file by file: what has another size or time is copied again, what the base does not
have is removed. So nothing that a submission left behind, in sources or in what was built, meets the next one.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from grade.overlay import is_built, locked, make, targets, write_tree
from labs.catalog import Lab

Files = dict[str, tuple[bytes, int]]


def make_base(files: Files, labs: list[Lab], folder: Path, like: Path | None = None) -> Path:
    """Builds a base under `folder`, as far as that is not done; returns its tree. A first time begins with a copy of the
    base `like`, if there is one: then only what differs is compiled."""
    with locked(folder):
        tree = folder / "tree"
        if like and not tree.exists() and (like / "build").exists():
            with locked(like.parent):
                restore(tree, like)
        tree.mkdir(exist_ok=True)
        write_tree({name: file for name, file in files.items() if is_built(name, labs)}, tree)
        make(tree, targets(labs))
    return tree


def entries(tree: Path) -> dict[str, os.stat_result]:
    """Everything below a tree by its path from there; links are not followed."""
    found = {}
    waiting = [""]
    while waiting:
        for entry in os.scandir(tree / waiting.pop()):
            name = os.path.relpath(entry.path, tree)
            found[name] = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(name)
    return found


def same(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two entries need no copying: both folders, or files of one size, time and mode."""
    if stat.S_ISDIR(one.st_mode) or stat.S_ISDIR(other.st_mode):
        return one.st_mode == other.st_mode
    return (one.st_size, one.st_mtime_ns, one.st_mode) == (other.st_size, other.st_mtime_ns, other.st_mode)


def restore(tree: Path, base: Path) -> int:
    """Makes `tree` what `base` is. Returns how many entries were touched for that."""
    tree.mkdir(parents=True, exist_ok=True)
    wanted, present = entries(base), entries(tree)
    touched = 0
    for name in sorted(present, reverse=True):  # what lies in a folder before the folder
        if name not in wanted or not same(wanted[name], present[name]):
            path = tree / name
            os.rmdir(path) if stat.S_ISDIR(present[name].st_mode) else path.unlink()
            touched += 1
            del present[name]
    for name in sorted(wanted):
        if name not in present:
            copy(base / name, tree / name, wanted[name].st_mode)
            touched += 1
    return touched


def copy(source: Path, target: Path, mode: int) -> None:
    """Copies one entry with its time and mode."""
    if stat.S_ISDIR(mode):
        target.mkdir()
        target.chmod(stat.S_IMODE(mode))
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def lay(files: Files, tree: Path) -> None:
    """Writes the files that differ into a tree that was restored."""
    for name, (content, mode) in files.items():
        path = tree / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)


def build(lab: Lab, files: Files, tree: Path) -> Path:
    """Builds a submission in a restored workspace and returns the build folder. BuildFailed when it does not compile."""
    lay(files, tree)
    make(tree, targets([lab]))
    return tree / "build"
