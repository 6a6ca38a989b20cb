"""Grades one submission on Gradescope.

Exit status 0: there is a result. Anything else, or results without a score: Gradescope tells the instructor that the autograder
failed, and the student gets no zero.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from grade.formats import replace
from grade.gradebook.submissions import Submission, read
from grade.gradebook.work import notes
from grade.overlay import BuildFailed, make, out_of_sight, targets
from grade.runner import pytest_command, pytest_environment
from grade.workspace import Files, lay, make_base, restore
from labs.catalog import ROOT, Lab, find_lab
from labs.problem import Problem, run
from labs.submit import lab_of_tree

BASE = ROOT / "build" / "base"
SEED_BITS = 1 << 16


def packed_files() -> Files:
    """The tree as it was packed. There is no git here to ask."""
    paths = [path for path in ROOT.rglob("*") if path.is_file() and not path.is_relative_to(ROOT / "build")]
    return {str(path.relative_to(ROOT)): (path.read_bytes(), path.stat().st_mode & 0o777) for path in paths}


def prepare() -> int:
    """What does not depend on the submission."""
    make_base(packed_files(), [find_lab(lab_of_tree())], BASE)
    return 0


def no_score(results: Path, text: str) -> None:
    replace(results, json.dumps({"output": text, "output_format": "text", "stdout_visibility": "hidden", "tests": []}))


def zero(results: Path, text: str) -> None:
    """A result that is a student's own: nothing could be graded."""
    document = {"score": 0, "output": text, "output_format": "text", "visibility": "visible", "stdout_visibility": "hidden"}
    replace(results, json.dumps(document))


def grade(folder: Path) -> int:
    """The whole way from /autograder/submission to results.json."""
    lab, results = find_lab(lab_of_tree()), folder / "results" / "results.json"
    clean = {name: content for name, (content, _) in packed_files().items()}
    try:
        submission = read("submission", folder / "submission", lab, clean)
    except Problem as problem:
        zero(results, f"Nothing was graded: {problem}")
        return 0
    with tempfile.TemporaryDirectory(prefix="astrolabe-") as workspace:
        return judge(lab, submission, Path(workspace), results)


def judge(lab: Lab, submission: Submission, workspace: Path, results: Path) -> int:
    tree = workspace / "tree"
    try:
        restore(tree, BASE / "tree")
        lay({name: (content, 0o644) for name, content in submission.files.items()}, tree)
        with out_of_sight(ROOT):  # a container seldom lets bubblewrap make namespaces
            make(tree, targets([lab]))
    except BuildFailed as failed:
        zero(results, "\n".join([str(failed), *notes(submission)]))
        return 0
    except OSError as error:
        no_score(results, f"the autograder had trouble: {error}")
        return 1
    seed = int(submission.digest(lab.folder)[:8], 16) % SEED_BITS  # the same work has the same result
    command = pytest_command([lab], tree / "build", {"seed": seed, "gradescope": results})
    status = subprocess.run(command, env=pytest_environment(), cwd=ROOT, check=False).returncode
    if status in (0, 1):
        add_notes(results, notes(submission))
        return 0
    if not results.exists():
        no_score(results, f"the checks ended with status {status}")
    return 1


def add_notes(results: Path, told: list[str]) -> None:
    """What was not taken is said above the checks."""
    document = json.loads(results.read_text())
    document["output"] = "\n".join([document["output"], *told])
    replace(results, json.dumps(document, indent=1))


if __name__ == "__main__":
    run(prepare if sys.argv[1] == "prepare" else lambda: grade(Path(sys.argv[2])))
