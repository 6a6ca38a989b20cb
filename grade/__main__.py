"""make grade: builds the tree under test and runs its checks.

Exit status: 0 all points, 1 not all, 2 nothing was graded (no such lab, it does not compile), 3 trouble with the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from grade.overlay import build, is_handout, locked
from labs.catalog import ROOT, Lab, all_labs, find_lab
from labs.problem import Problem, run
from labs.submit import lab_of_tree



def labs_to_grade(name: str, root: Path) -> list[Lab]:
    """The lab that was asked for; else this handout's, else all that have checks."""
    name = name or lab_of_tree(root)
    if name:
        return [find_lab(name, root)]
    return [lab for lab in all_labs(root) if (root / "grade" / "checks" / lab.folder).is_dir()]


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
    parser.add_argument("--json", default="")
    parser.add_argument("--junit", default="")
    parser.add_argument("--jobs", default="")
    parser.add_argument("--root", type=Path, default=ROOT)
    arguments = parser.parse_args()
    if arguments.seed and not arguments.seed.isdigit():
        raise Problem(f"SEED={arguments.seed} is not a number")
    seed = int(arguments.seed) if arguments.seed else random.SystemRandom().randrange(1, 10_000)
    labs = labs_to_grade(arguments.lab, arguments.root)
    title = f"seed {seed}   {versions()}"
    folder = arguments.root / "build" / "grade" / (labs[0].folder if is_handout(arguments.root) else "reference")
    with locked(folder):
        output, ignored = build(arguments.root, labs, folder)
        for name in ignored:
            print(f"note: {name} was changed, but no file of the lab: graded without that change", file=sys.stderr)
        return run_checks(labs, output, seed, title, arguments)


def run_checks(labs: list[Lab], output: Path, seed: int, title: str, arguments: argparse.Namespace) -> int:
    """Runs pytest over the labs' checks with this tree's grader, and returns its status."""
    jobs = arguments.jobs or str(min(2, os.cpu_count() or 1))
    command = [sys.executable, "-m", "pytest", "-p", "grade.plugin", "-p", "no:cacheprovider", "-p", "no:terminalreporter", "-n", jobs]
    command += ["--dist", "load", "--rootdir", str(ROOT), "-c", str(ROOT / "grade" / "pytest.ini")]
    command += [f"--grade-build={output}", f"--grade-seed={seed}", f"--grade-title={title}"]
    command += [f"--grade-check={arguments.check}", f"--grade-json={arguments.json}"]
    command += [f"--junitxml={arguments.junit}"] if arguments.junit else []
    command += [str(ROOT / "grade" / "checks" / lab.folder) for lab in labs]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    run(main)
