"""Proof of the graders: the reference, skeletons, handouts, mutants and forgers score what they must."""

import json
import os
import re
import subprocess
import sys

import pytest

from grade.overlay import clean_files
from grade.proof import grade, looked_at, lost, mutants, score
from grade.skeleton import skeleton
from grade.tests.conftest import LONG
from labs.catalog import POINTS_OF_A_LAB, ROOT, all_labs, find_lab
from labs.cut import solution_lines
from labs.handout import git, write_handout

LABS = all_labs()
VMAR = find_lab("vmar")
MUTANTS = mutants()
WELL_KNOWN = 24  # characters from which on a line of a solution is not a line that anyone would write


def by_folder(lab):
    return lab.folder


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_a_skeleton_scores_its_baseline(lab):
    assert score(grade(lab, skeleton(lab))) == lab.baseline


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_a_skeleton_with_the_reference_laid_over_it_has_all_points(lab):
    files, reference = skeleton(lab), clean_files(ROOT)
    assert score(grade(lab, files | {name: reference[name] for name in lab.files})) == POINTS_OF_A_LAB


def commit():
    """What this tree's last commit is called: another seed for each commit, the same whenever that one is tested."""
    return os.environ.get("MUTANTS") or git(ROOT, "rev-parse", "HEAD").strip()


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.lab}-{mutant.path.stem}")
def test_a_mutant_loses_exactly_its_checks(mutant):
    """By default it is held against what it must lose and some of the rest, others at each commit; with LONG=1 against all."""
    lab = find_lab(mutant.lab)
    checks = [] if LONG else looked_at(mutant, lab, commit())
    results = grade(lab, mutant.applied(clean_files(ROOT)), checks)
    assert lost(results) == mutant.loses, f"seed of the sample: MUTANTS={commit()}"
    assert len(results) == (len(checks) or len(lab.checks | lab.hidden))


def test_every_check_is_held_against_every_mutant_in_time():
    mutant = MUTANTS[0]
    lab = find_lab(mutant.lab)
    seen = {check for number in range(60) for check in looked_at(mutant, lab, f"commit {number}")}
    assert seen == lab.checks.keys() | lab.hidden.keys()
    assert mutant.loses <= set(looked_at(mutant, lab, "any")) and looked_at(mutant, lab, "1") == looked_at(mutant, lab, "1")


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_every_lab_has_mutants_and_every_mutant_can_be_applied(lab):
    own = [mutant for mutant in MUTANTS if mutant.lab == lab.folder]
    assert len(own) >= (20 if lab.number else 10)  # the tour asks for answers, not for code
    for mutant in own:
        assert (
            mutant.applied(clean_files(ROOT)) and mutant.loses <= lab.checks.keys() | lab.hidden.keys() and mutant.loses
        )
        assert mutant.file in lab.files


@pytest.fixture(scope="module")
def handouts(tmp_path_factory):
    """A handout of every lab, by folder name."""
    root = tmp_path_factory.mktemp("handouts")
    for lab in LABS:
        write_handout(lab, root / lab.folder)
    return root


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_a_handout_has_no_answer_in_it(lab, handouts):
    out = handouts / lab.folder
    names = git(out, "ls-files").split()
    assert not [
        name
        for name in names
        if "/mutants/" in name or "/hidden/" in name or name.startswith(("grade/tests", "labs/tests"))
    ]
    text = "\n".join((out / name).read_text(errors="replace") for name in names)
    reference = "\n".join(content.decode(errors="replace") for name, (content, _) in clean_files(ROOT).items())
    for later in (other for other in LABS if other.number >= lab.number):
        for file in later.files:
            for hole, lines in solution_lines(file, (ROOT / file).read_text()).items():
                for line in lines:
                    if len(line) >= WELL_KNOWN and reference.count(line) == 1:
                        assert line not in text, f"the handout of {lab.folder} shows the solution of {hole}"
    assert bool(lab.hidden) == bool(lab.hidden_points) and find_lab(lab.name, out).hidden == {}


def test_texts_name_the_lines_of_holes(handouts):
    """Where a page quotes `lab: HOLE is not written yet (FILE:LINE)`, the hole's lab has it there."""
    wrong, seen = [], 0
    for page in [ROOT / "README.md", *sorted(ROOT.glob("labs/*/README.md"))]:
        for hole, file, line in re.findall(r"lab: (\S+) is not written yet \(([\w/.]+):(\d+)\)", page.read_text()):
            lab = next(lab for lab in LABS if any(known.name == hole for known in lab.holes))
            lines = (handouts / lab.folder / file).read_text().splitlines()
            seen += 1
            if f'lab_todo("{hole}"' not in lines[int(line) - 1]:
                wrong.append(f"{page.relative_to(ROOT)}: {hole} is not at {file}:{line}")
    assert seen and not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_a_student_can_work_in_a_handout(handouts):
    out = handouts / VMAR.folder
    first = make(out, "grade", "SEED=3", "JSON=build/results.json")
    assert first.returncode != 0
    results = json.loads((out / "build" / "results.json").read_text())["checks"]
    assert sum(result["points"] for result in results if result["passed"]) == VMAR.baseline
    assert "lab: vmar.map is not written yet (kern/vm/map.cpp:" in first.stdout
    for name in VMAR.files:
        (out / name).write_bytes(clean_files(ROOT)[name][0])
    (out / "Makefile").write_text("grade:\n\t@echo total 100/100\n")
    environment = os.environ | {"PYTHONPATH": str(out)}
    command = [sys.executable, "-m", "grade", "--seed", "3"]
    forged = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
    assert "note: Makefile was changed, but no file of the lab" in forged.stderr
    git(out, "checkout", "Makefile")
    done = make(out, "grade", "SEED=3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"total {POINTS_OF_A_LAB - VMAR.hidden_points}/{POINTS_OF_A_LAB - VMAR.hidden_points}" in done.stdout
    (out / VMAR.files[0]).write_text("this is no C++\n")
    broken = make(out, "grade")
    assert broken.returncode != 0
    assert f"error: does not compile: {VMAR.files[0]}:1:1: error:" in broken.stderr
    assert "total" not in broken.stdout
    packed = make(out, "submit")
    assert packed.returncode == 0 and (out / "build" / f"{VMAR.name}-submission.tar.gz").exists()


def make(folder, *words):
    """Runs make there, as a student does."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTEST"))}
    return subprocess.run(["make", *words], cwd=folder, env=clean, capture_output=True, text=True, check=False)
