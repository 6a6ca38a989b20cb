"""Handouts and submissions of a small tree, and the catalogue."""

import subprocess
import tarfile

import pytest

from labs.catalog import ROOT, all_labs, find_lab
from labs.handout import git, write_handout
from labs.problem import Problem
from labs.submit import changed_files, pack


def handout(tree, lab, earlier="reference"):
    out = tree.parent / f"handout-{lab}-{earlier.replace('/', '_')}"
    write_handout(find_lab(lab, tree), out, earlier, tree)
    return out


@pytest.mark.parametrize("name", ["1", "one", "1-one"])
def test_a_lab_has_three_names(tree, name):
    assert find_lab(name, tree).folder == "1-one"


def test_an_unknown_lab_lists_the_known_ones(tree):
    with pytest.raises(Problem) as caught:
        find_lab("three", tree)
    assert str(caught.value) == "no lab is called 'three'; known labs: 1 or one, 2 or two"


def test_a_handout_is_one_tagged_commit_of_everything(tree):
    out = handout(tree, "one")
    assert git(out, "log", "--format=%s %D").strip() == "Lab 1-one: Lab one HEAD -> main, tag: handout"
    assert git(out, "status", "--porcelain") == ""


def test_a_handout_has_no_answer(tree):
    out = handout(tree, "one")
    names = git(out, "ls-files").split()
    assert "grade/checks/1-one/test_first.py" in names and "labs/1-one/README.md" in names and "labs/cut.py" in names
    assert not [name for name in names if "mutants" in name or "hidden" in name or "tests/" in name or "2-two" in name]
    everything = "".join((out / name).read_text() for name in names)
    assert "secret_solution" not in everything and "covert" not in everything and "[stub]" not in everything


def test_earlier_stages_are_filled_by_the_reference(tree):
    out = handout(tree, "two")
    assert "secret_solution_of_map" in (out / "kern/map.cpp").read_text()
    assert "// LAB" not in (out / "kern/map.cpp").read_text()
    assert "secret_solution_of_grow" not in (out / "kern/grow.cpp").read_text()


def test_with_boot_leaves_earlier_stages_open(tree):
    assert "lab_todo" in (handout(tree, "two", "boot") / "kern/map.cpp").read_text()


def test_with_a_folder_takes_the_students_earlier_files(tree):
    work = tree.parent / "work"
    (work / "kern").mkdir(parents=True)
    (work / "kern/map.cpp").write_text("// mine\n")
    (work / "kern/plain.h").write_text("// mine, but not of the lab\n")
    out = handout(tree, "two", str(work))
    assert (out / "kern/map.cpp").read_text() == "// mine\n"
    assert (out / "kern/plain.h").read_text() == "#pragma once\n"


def test_with_something_absent(tree):
    with pytest.raises(Problem, match="neither reference, boot nor a folder"):
        handout(tree, "two", "nowhere")


def test_a_handout_never_overwrites(tree):
    handout(tree, "one")
    with pytest.raises(Problem, match="exists already"):
        handout(tree, "one")


def test_a_hole_nobody_marked(tree):
    (tree / "kern/grow.cpp").write_text("")
    with pytest.raises(Problem, match="hole two.grow of labs/2-two/lab.toml is not marked anywhere"):
        handout(tree, "one")


def test_the_same_tree_gives_the_same_commit(tree):
    first = git(handout(tree, "one"), "rev-parse", "HEAD")
    write_handout(find_lab("1", tree), tree.parent / "again", "reference", tree)
    assert git(tree.parent / "again", "rev-parse", "HEAD") == first


def test_a_submission_holds_the_labs_files_and_names_the_others(tree):
    out = handout(tree, "one")
    (out / "kern/map.cpp").write_text("// done\n")
    (out / "kern/plain.h").write_text("// changed\n")
    (out / "notes.txt").write_text("notes\n")
    archive = tree.parent / "one.tar.gz"
    pack(find_lab("1", out), archive, out)
    with tarfile.open(archive) as packed:
        assert packed.getnames() == ["kern/map.cpp"]
        assert packed.extractfile("kern/map.cpp").read() == b"// done\n"
    assert changed_files(out) == {"kern/map.cpp", "kern/plain.h", "notes.txt"}


def test_a_submission_lacks_a_file(tree):
    out = handout(tree, "one")
    (out / "kern/map.cpp").unlink()
    with pytest.raises(Problem, match="kern/map.cpp is missing"):
        pack(find_lab("1", out), tree.parent / "one.tar.gz", out)


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("first = 80", "first = 70", "70 public points and 20 hidden ones are not 100"),
        ("covert = 20", "covert = 10", r"\[hidden\] adds up to 10, hidden_points says 20"),
        ('files = ["kern/map.cpp"]', "files = []", "hole one.map is in kern/map.cpp, which is not among `files`"),
        ("hours = 1\n", "", "no entry 'hours'"),
        ("title", "title title", "lab.toml: "),
    ],
)
def test_a_wrong_lab_toml(tree, old, new, message):
    path = tree / "labs/1-one/lab.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(Problem, match=message):
        all_labs(tree)


def test_make_prints_one_line_for_an_unknown_lab():
    result = subprocess.run(["make", "handout", "LAB=nothing"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert result.stderr.splitlines()[0].startswith("error: no lab is called 'nothing'; known labs: 0 or tour, 1 or vmar, 2")
