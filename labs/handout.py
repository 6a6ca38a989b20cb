"""make handout: writes a student's tree of one lab as a fresh git repository with one commit, tagged `handout`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from labs.catalog import ROOT, Lab, all_labs, find_lab
from labs.cut import render
from labs.problem import Problem, run

HANDOUT_FILE = "labs/handout.toml"  # in a handout: which lab it is of
MARKED_SUFFIXES = (".c", ".cpp", ".h", ".S", "/answers.toml")
IDENTITY = {"NAME": "Astrolabe", "EMAIL": "astrolabe@localhost", "DATE": "2000-01-01T00:00:00Z"}


def tracked_files(root: Path) -> list[str]:
    """The files of the tree that belong to the project, as git sees them; paths from the root."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0:
        raise Problem(f"{root}: {result.stderr.decode().strip()}")
    names = [name.decode() for name in result.stdout.split(b"\0") if name]
    return sorted(name for name in set(names) if (root / name).is_file())


def is_for_students(name: str, lab: Lab, labs: list[Lab]) -> bool:
    """Whether a handout of `lab` contains the file: not the answers, not what checks in secret, not later labs."""
    parts = name.split("/")
    later = {other.folder for other in labs if other.number > lab.number}
    if parts[0] == "labs" and len(parts) > 2:
        return parts[1] != "tests" and parts[1] not in later and "mutants" not in parts and "answers.md" not in parts
    if parts[0] == "grade" and len(parts) > 2:
        return parts[1] != "tests" and "hidden" not in parts and not later.intersection(parts)
    return parts[0] not in (".ci",)


def without_hidden(text: str) -> str:
    """lab.toml without the names of the hidden checks; their sum, hidden_points, stays."""
    return re.sub(r"(?m)^\[hidden\]\n(?:(?!\[).*\n)*", "", text)


def cut_tree(root: Path, out: Path, lab: Lab, is_cut) -> None:
    """Writes every file a student gets, holes cut or filled."""
    labs = all_labs(root)
    holes = {hole.name: hole for other in labs for hole in other.holes}
    seen: set[str] = set()
    for name in tracked_files(root):
        source = root / name
        if name.endswith(MARKED_SUFFIXES):
            text = render(name, source.read_text(), is_cut, holes)
            seen.update(hole for hole in holes if f" LAB {hole} [begin]" in source.read_text())
        elif name.startswith("labs/") and name.endswith("lab.toml"):
            text = without_hidden(source.read_text())
        else:
            text = None
        if not is_for_students(name, lab, labs):
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            shutil.copyfile(source, target, follow_symlinks=False)
        else:
            target.write_text(text)
        shutil.copymode(source, target, follow_symlinks=False)
    for hole in holes.values():
        if hole.name not in seen:
            raise Problem(f"{hole.file}: hole {hole.name} of labs/{hole.lab}/lab.toml is not marked anywhere")


def add_whole_kernel(root: Path, target: Path) -> None:
    """Builds the reference's kernel and puts it into the handout."""
    clean = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    command = ["make", "-C", str(root), "build/kernel.packed.elf"]
    result = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Problem(f"{' '.join(command)}: {result.stderr.strip().splitlines()[-1]}")
    shutil.copyfile(root / "build/kernel.packed.elf", target)


def take_earlier_work(root: Path, out: Path, lab: Lab, work: Path) -> None:
    """Lays a student's files of the earlier labs over the new tree."""
    if not work.is_dir():
        raise Problem(f"WITH={work}: neither reference, boot nor a folder with the earlier labs' work")
    for other in all_labs(root):
        for name in other.files if other.number < lab.number else ():
            if (work / name).is_file():
                shutil.copyfile(work / name, out / name)


def git(out: Path, *arguments: str) -> str:
    """Runs git in the handout, under a fixed name and date so that the same tree gives the same commit."""
    people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    result = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", "-C", str(out), *arguments],
        env=clean | people,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise Problem(f"git {arguments[0]} in {out}: {result.stderr.strip()}")
    return result.stdout


def write_handout(lab: Lab, out: Path, earlier: str = "reference", root: Path = ROOT) -> list[str]:
    """Writes the handout and returns the names of its open holes. `out` must be absent or empty."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Problem(f"{out} exists already; remove it or say OUT=another folder")
    stages = {hole.name: other.number for other in all_labs(root) for hole in other.holes}
    first_cut = 0 if earlier == "boot" else lab.number
    open_holes = [hole for hole, stage in stages.items() if stage >= first_cut]
    out.mkdir(parents=True, exist_ok=True)
    cut_tree(root, out, lab, open_holes.__contains__)
    if lab.kernel:
        add_whole_kernel(root, out / lab.kernel)
    if earlier not in ("reference", "boot"):
        take_earlier_work(root, out, lab, Path(earlier).expanduser())
    (out / HANDOUT_FILE).write_text(f'# Written by `make handout`.\nlab = "{lab.folder}"\n')
    git(out, "init", "--quiet", "--initial-branch=main")
    git(out, "add", "--all")
    git(out, "commit", "--quiet", "--message", f"Lab {lab.folder}: {lab.title}")
    git(out, "tag", "handout")
    return open_holes


def main() -> int:
    """The command line: --lab NAME [--out DIR] [--with reference|boot|DIR]."""
    parser = argparse.ArgumentParser(prog="make handout", description=__doc__)
    parser.add_argument("--lab", default="")
    parser.add_argument("--out", default="")
    parser.add_argument("--with", dest="earlier", default="reference")
    arguments = parser.parse_args()
    if (ROOT / HANDOUT_FILE).exists():
        raise Problem("this tree is a handout already; handouts are cut from the reference tree")
    lab = find_lab(arguments.lab)
    out = Path(arguments.out).expanduser() if arguments.out else ROOT / "build" / "handout" / lab.folder  # a shell leaves OUT=~/x
    write_handout(lab, out, arguments.earlier or "reference")
    print(f'{out}: lab {lab.folder}, "{lab.title}"')
    for hole in lab.holes:
        print(f"  task {hole.task}  {hole.name:<16} {hole.file}  {hole.hint}")
    print(f"begin with labs/{lab.folder}/README.md", file=sys.stderr)
    return 0


if __name__ == "__main__":
    run(main)
