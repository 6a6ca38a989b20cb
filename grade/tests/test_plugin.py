"""The grader's plugin: what it prints of passed, failed, waiting and troubled checks, and its exit status."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grade.formats import WRITERS
from labs.catalog import ROOT, all_labs

CHECKS = '''
from grade.check import check
from grade.machine import InfrastructureError
from grade.report import Failure


@check("good", clause="Clause 1")
def test_good(lab):
    """map: works.

    More.
    """


@check("bad", clause="Clause 2", common="often this")
def test_bad(lab):
    """unmap: does not."""
    raise Failure("unmap it", "gone", "still there", notes=["lab: hole"])


@check("behind", clause="Clause 3", needs="bad")
def test_behind(lab):
    """merge: needs unmap."""
    raise Failure("merge", "one", "two")


@check("odd", clause="Clause 4")
def test_odd(lab):
    """seed: is given."""
    assert lab.seed == 5 and lab.random.random() == lab.random.__class__("5 odd").random()
TROUBLE
'''
TROUBLE = """
    raise InfrastructureError("QEMU fell over", "hart 0: pc=0x0")
"""
LAB = """title = "Lab"
files = []
holes = []
prerequisites = []
baseline = 0
hours = 1
hidden_points = 0

[checks]
good = 50
bad = 20
behind = 20
odd = 10
"""


@pytest.fixture
def tree(tmp_path):
    """A grader with a lab and checks of its own."""
    root = tmp_path / "tree"
    for folder in ("grade", "grade/formats", "grade/machine", "grade/model", "labs"):
        (root / folder).mkdir(parents=True)
        for path in (*(ROOT / folder).glob("*.py"), *(ROOT / folder).glob("*.ini")):
            shutil.copyfile(path, root / folder / path.name)
    (root / "grade" / "checks" / "1-one").mkdir(parents=True)
    (root / "labs" / "1-one").mkdir(parents=True)
    (root / "labs" / "1-one" / "lab.toml").write_text(LAB)
    return root


def run(tree: Path, trouble: bool = False, checks: str = CHECKS, jobs: int = 2, **options):
    """Runs the checks and returns exit status and output."""
    (tree / "grade" / "checks" / "1-one" / "test_all.py").write_text(
        checks.replace("TROUBLE", TROUBLE if trouble else "")
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "grade.plugin",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminalreporter",
    ]
    command += ["-n", str(jobs), "--rootdir", str(tree), "-c", str(tree / "grade" / "pytest.ini"), "--grade-seed=5"]
    command += [f"--grade-{name}={value}" for name, value in options.items()]
    command.append(str(tree / "grade" / "checks" / "1-one"))
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, cwd=tree, capture_output=True, text=True, check=False)


def test_a_line_a_check_and_the_total(tree):
    result = run(tree, title="seed 5")
    assert result.returncode == 1, result.stdout + result.stderr
    lines = [re.sub(r" +\d\.\d s$", "", line) for line in result.stdout.splitlines()]
    assert [re.sub(r"  +", "  ", line) for line in lines] == [
        "1-one  seed 5",
        "  ok  50/50  map: works",
        "  FAIL  0/20  unmap: does not",
        "  clause  Clause 2",
        "  did  unmap it",
        "  expected  gone",
        "  yours  still there",
        "  common  often this",
        "  console  lab: hole",
        "  again  make grade LAB=one CHECK=bad SEED=5",
        "  gdb  make gdb LAB=one CHECK=bad SEED=5",
        "  waits  0/20  merge: needs unmap  (for bad)",
        "  ok  10/10  seed: is given",
        "  total 60/100  (1 wait for bad)",
    ]


def test_trouble_is_no_verdict(tree):
    result = run(tree, trouble=True)
    assert result.returncode == 3
    assert "TROUBLE" in result.stdout and "QEMU fell over" in result.stdout and "hart 0: pc=0x0" in result.stdout
    assert "this is not a verdict on the kernel" in result.stdout


def test_an_error_in_a_check_is_trouble_too(tree):
    result = run(tree, checks=CHECKS + "    raise KeyError('x')\n")
    assert result.returncode == 3 and "KeyError: 'x'" in result.stdout


def test_one_check_alone(tree):
    result = run(tree, check="good")
    assert result.returncode == 0 and "total 50/50" in result.stdout and "unmap" not in result.stdout


def test_a_check_without_points(tree):
    result = run(tree, checks=CHECKS.replace('"odd"', '"strange"'), jobs=0)
    assert "labs/1-one/lab.toml gives no points for strange" in result.stdout + result.stderr
    assert result.returncode not in (0, 1)


def test_results_as_a_file(tree, tmp_path):
    run(tree, json=tmp_path / "results.json")
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["seed"] == 5
    assert {check["name"]: check["passed"] for check in results["checks"]} == {
        "good": True,
        "bad": False,
        "behind": False,
        "odd": True,
    }


def test_every_form_is_written_by_one_run_and_after_each_check(tree, tmp_path):
    seen = tmp_path / "seen"
    look = f"""
    import json, pathlib
    results = json.loads(pathlib.Path({str(tmp_path / "gradescope")!r}).read_text())
    pathlib.Path({str(seen)!r}).write_text(" ".join(test["name"] for test in results["tests"]))
"""
    forms = {form: tmp_path / form for form in WRITERS}
    result = run(tree, checks=CHECKS.replace("TROUBLE", look), jobs=0, **forms)
    assert result.returncode == 1 and "total 60/100" in result.stdout
    assert seen.read_text() == "good: map: works bad: unmap: does not behind: merge: needs unmap"
    assert all(path.read_text() for path in forms.values())


def test_results_that_cannot_be_written_are_trouble(tree):
    result = run(tree, json="/dev/full/results.json")
    assert result.returncode == 3 and "trouble: the results cannot be written: " in result.stdout


def test_lab_toml_and_the_checks_name_the_same():
    for lab in all_labs():
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "grade.plugin",
            "-p",
            "no:cacheprovider",
            "--collect-only",
            "-q",
        ]
        command += ["-c", "grade/pytest.ini", "--rootdir", ".", f"grade/checks/{lab.folder}"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.stdout.count("::test_") == len(lab.checks) + len(lab.hidden), result.stdout


def test_make_grade_refuses_an_unknown_check():
    result = subprocess.run(
        ["make", "grade", "LAB=vmar", "CHECK=nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0 and "error: no check is called 'nothing'; known: start, map-fixed" in result.stderr
