"""make bench-batch: how much faster grade/batch is with two submissions at a time on two processors than with one on one.

The class is made of the reference and the lab's mutants, so it builds, fails and passes as a class does. Each run begins with
the same workspaces, built; what is measured is grading alone.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from grade.overlay import clean_files
from grade.proof import mutants
from labs.catalog import ROOT, Lab, find_lab
from labs.problem import Problem, run

SEED = 1
REFERENCES = 4  # every fourth submission is right


def write_class(lab: Lab, count: int, folder: Path) -> None:
    """A folder of submissions, each a folder."""
    clean, known = clean_files(ROOT), [mutant for mutant in mutants() if mutant.lab == lab.folder]
    for number in range(count):
        files = known[number % len(known)].applied(clean) if number % REFERENCES else clean
        for name in lab.files:
            path = folder / f"student-{number:02}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name][0])


def seconds(lab: Lab, folder: Path, out: Path, processors: list[int]) -> float:
    """How long a batch takes on these processors, with a submission at a time on each."""
    command = [ROOT / "grade" / "batch", folder, "--lab", lab.name, "--jobs", str(len(processors)), "--seed", str(SEED), "--out", out]
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.sched_setaffinity(0, processors), check=False)
    if done.returncode != 0:
        raise Problem(f"grade/batch ended with status {done.returncode}")
    return time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-batch", description=__doc__)
    parser.add_argument("--lab", default="")
    parser.add_argument("--count", type=int, default=40)
    arguments = parser.parse_args()
    lab, processors = find_lab(arguments.lab or "heap"), sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        raise Problem("there is one processor only")
    with tempfile.TemporaryDirectory() as folder:
        write_class(lab, 2, Path(folder) / "first")
        seconds(lab, Path(folder) / "first", Path(folder) / "none", processors)  # builds what all begin with
        write_class(lab, arguments.count, Path(folder) / "class")
        took = [seconds(lab, Path(folder) / "class", Path(folder) / str(number), processors[:number]) for number in (1, 2)]
    for number, each in enumerate(took, 1):
        print(f"{number} at a time on {number}: {each:6.1f} s, {each / arguments.count:5.2f} s a submission")
    print(f"{arguments.count} submissions of {lab.folder}: {took[0] / took[1]:.2f} times as fast on two processors as on one")
    return 0


if __name__ == "__main__":
    run(main)
