"""The autograder for Gradescope, run where Gradescope documents that things lie: /autograder, by a user who is nobody."""

import json
import os
import shutil
import subprocess
import zipfile

import pytest

from grade.gradescope.__main__ import pack
from grade.machine.sandbox import bubblewrap, have_bubblewrap
from grade.overlay import clean_files, locked
from grade.tests.test_formats import DOCUMENT, TEST, assert_fits
from labs.catalog import ROOT, find_lab
from labs.cut import solution_lines

LAB = find_lab("heap")
FIRST = LAB.files[0]
STEALS = f'\nasm(".incbin \\"/autograder/source/astrolabe/grade/checks/{LAB.folder}/hidden/test_more.py\\"");\n'.encode()
pytestmark = pytest.mark.skipif(not have_bubblewrap(), reason="bubblewrap does not work here")


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    out = tmp_path_factory.mktemp("zip") / "autograder.zip"
    pack(LAB, out)
    return out


def test_the_zip_holds_what_gradescope_asks_for_and_no_solution(packed):
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        programs = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        text = "\n".join(archive.read(name).decode(errors="replace") for name in names)
    assert {"setup.sh", "run_autograder"} <= names and programs["run_autograder"] == programs["setup.sh"] == 0o755
    assert f"astrolabe/grade/checks/{LAB.folder}/hidden/test_more.py" in names
    assert not [name for name in names if "mutants" in name or name.endswith("answers.md") or "grade/tests" in name]
    reference = "\n".join(content.decode(errors="replace") for content, _ in clean_files(ROOT).values())
    for file in LAB.files:
        for lines in solution_lines(file, (ROOT / file).read_text()).values():
            assert not [line for line in lines if len(line) >= 24 and reference.count(line) == 1 and line in text]


@pytest.fixture(scope="module")
def autograder(packed, tmp_path_factory):
    """Runs the programs of the zip as Gradescope does. Calling it grades a submission: status and results.json."""
    root = tmp_path_factory.mktemp("autograder")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(root / "source")
        for entry in archive.infolist():
            (root / "source" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source" / "run_autograder", root)
    for name in ("results", "submission"):
        (root / name).mkdir()
    like = ROOT / "build" / "grade" / "reference" / "tree"
    if (like / "build").exists():  # what setup.sh would take a minute to build; with its times, so that make builds what differs
        with locked(like.parent):
            shutil.copytree(like, root / "source" / "astrolabe" / "build" / "base" / "tree", symlinks=True)

    def run(*command):
        box = [*bubblewrap(), "--bind", str(root), "/autograder", "--chdir", "/autograder", "--uid", "1000", "--gid", "1000"]
        box.remove("--unshare-all")
        return subprocess.run([*box, "--unshare-user", "--unshare-pid", *command], capture_output=True, text=True, check=False)

    def grade(files):
        shutil.rmtree(root / "submission")
        shutil.rmtree(root / "results")
        (root / "results").mkdir()
        for name, content in files.items():
            (root / "submission" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "submission" / name).write_bytes(content)
        done = run("/autograder/run_autograder")
        results = root / "results" / "results.json"
        return done, json.loads(results.read_text()) if results.exists() else None

    # setup.sh but for its first step: packages are the image's, and this user may not install any
    prepared = run("env", "PYTHONPATH=/autograder/source/astrolabe", "--chdir=/autograder/source/astrolabe", "/usr/bin/python3",
                   "-m", "grade.gradescope.autograder", "prepare")
    assert prepared.returncode == 0, prepared.stdout + prepared.stderr
    return grade


def reference():
    return {name: clean_files(ROOT)[name][0] for name in LAB.files}


@pytest.mark.slow
def test_a_submission_is_graded_where_gradescope_puts_it(autograder):
    done, results = autograder(reference() | {"notes.txt": b"hello"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert_fits(results, DOCUMENT)
    for test in results["tests"]:
        assert_fits(test, TEST)
    assert sum(test["score"] for test in results["tests"]) == LAB.points
    assert {test["visibility"] for test in results["tests"]} == {"visible", "hidden"}
    assert "notes.txt is no file of the lab: not taken" in results["output"]


@pytest.mark.slow
def test_what_does_not_build_is_a_zero_with_the_reason(autograder):
    done, results = autograder({"malloc.c": b"this is no C\n"})  # as files that are uploaded one by one
    assert done.returncode == 0 and results["score"] == 0
    assert "does not compile: user/lab/malloc.c:1:1" in results["output"]
    done, results = autograder({FIRST: reference()[FIRST] + STEALS})
    assert done.returncode == 0 and results["score"] == 0 and "ile not found: /autograder/source" in results["output"]
    done, results = autograder({"essay.txt": b"hello"})
    assert done.returncode == 0 and results["score"] == 0 and "no file of the lab in it" in results["output"]


def test_make_packs_it(tmp_path):
    done = subprocess.run(["make", "gradescope", "LAB=heap", f"OUT={tmp_path}/a.zip"], cwd=ROOT, capture_output=True, text=True,
                          env={key: value for key, value in os.environ.items() if not key.startswith("MAKE")}, check=False)
    assert done.returncode == 0 and "the autograder of 3-heap" in done.stdout, done.stderr
    assert zipfile.is_zipfile(tmp_path / "a.zip")
