"""make grade: builds the tree under test and runs its checks.

Exit status: 0 all points, 1 not all, 2 nothing was graded (no such lab, it does not compile), 3 trouble with the
machine.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from grade import formats
from grade.overlay import build, is_handout, locked
from grade.runner import pytest_command, pytest_environment
from labs.catalog import ROOT, Lab, all_labs, find_lab
from labs.problem import Problem, run
from labs.submit import lab_of_tree


def labs_to_grade(name: str) -> list[Lab]:
    """The lab that was asked for; else this handout's, else all that have checks."""
    name = name or lab_of_tree()
    if name:
        return [find_lab(name)]
    return [lab for lab in all_labs() if (ROOT / "grade" / "checks" / lab.folder).is_dir()]


def require_checks(names: list[str], labs: list[Lab]) -> None:
    """Raises a Problem for a check that none of the labs has."""
    known = [name for lab in labs for name in (*lab.checks, *lab.hidden)]
    for name in names:
        if name not in known:
            raise Problem(f"no check is called '{name}'; known: {', '.join(known)}")


def versions() -> str:
    """What the results depend on, beside the tree."""
    qemu = os.environ.get("QEMU", "qemu-system-riscv64")
    try:
        text = subprocess.run([qemu, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(f"{qemu} does not run ({error}); make doctor says how to get it") from error
    return "QEMU " + re.search(r"version (\S+)", text)[1]


def main() -> int:
    """The command line, as grade.mk gives it."""
    parser = argparse.ArgumentParser(prog="make grade", description=__doc__)
    parser.add_argument("--lab", default="")
    parser.add_argument("--seed", default="")
    parser.add_argument("--check", default="")
    for form in formats.WRITERS:
        parser.add_argument(f"--{form}", default="")
    parser.add_argument("--jobs", default="")
    parser.add_argument("--save", default="")
    arguments = parser.parse_args()
    if arguments.seed and not arguments.seed.isdigit():
        raise Problem(f"SEED={arguments.seed} is not a number")
    seed = int(arguments.seed) if arguments.seed else random.SystemRandom().randrange(1, 10_000)
    labs = labs_to_grade(arguments.lab)
    if arguments.save and not arguments.check:
        raise Problem(
            "which check? CHECK= one of: " + ", ".join(name for lab in labs for name in (*lab.checks, *lab.hidden))
        )
    require_checks([name for name in arguments.check.split(",") if name], labs)
    title = f"seed {seed}   {versions()}"
    folder = ROOT / "build" / "grade" / (labs[0].folder if is_handout(ROOT) else "reference")
    with locked(folder):
        output, ignored = build(ROOT, labs, folder)
        for name in ignored:
            print(f"note: {name} was changed, but no file of the lab: graded without that change", file=sys.stderr)
        return run_checks(labs, output, seed, title, arguments)


def run_checks(labs: list[Lab], output: Path, seed: int, title: str, arguments: argparse.Namespace) -> int:
    """Runs the labs' checks with this tree's grader, and returns the exit status."""
    options = {"seed": seed, "title": title, "check": arguments.check, "save": arguments.save}
    options |= {form: getattr(arguments, form) for form in formats.WRITERS}
    command = pytest_command(labs, output, options, jobs=arguments.jobs)
    return subprocess.run(command, env=pytest_environment(), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    run(main)
