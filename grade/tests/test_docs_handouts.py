"""The handouts: their sessions go as printed, and what they name is there.

A session (pages.py) is played in a copy of this tree: as it is, or with `skeleton` behind ```console as a student gets it, or with
`mutant=NAME` as one who made that mistake.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from grade.overlay import clean_files
from grade.proof import mutants
from grade.skeleton import skeleton
from grade.tests.pages import ROOT, first_missing, gathered, play, play_gdb, play_interactive, run
from grade.tests.test_tree import code_lines
from grade.tests.workshop import copy_tree
from grade.workspace import make_base
from labs.catalog import all_labs
from labs.cut import find_regions
from labs.handout import write_handout

LABS = all_labs()
LAB_FILES = sorted({name for lab in LABS for name in lab.files})
MOST_LINES = 1_000  # of code that the student of one lab must read


def by_folder(lab):
    return lab.folder


def handout(lab) -> str:
    return (ROOT / "labs" / lab.folder / "README.md").read_text()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    where = copy_tree(tmp_path_factory.mktemp("handouts") / "astrolabe")
    base = make_base(clean_files(ROOT), LABS, ROOT / "build/grade/reference")
    shutil.copytree(base, where / "build/grade/reference/tree", symlinks=True)
    subprocess.run(["git", "init", "-q", where], check=True)
    return where


def put(files, tree: Path) -> None:
    """Gives the labs' files these contents; what is as wanted is not touched, so it is not compiled again."""
    for name in LAB_FILES:
        content = files[name][0]
        if (tree / name).read_bytes() != content:
            (tree / name).write_bytes(content)


def files_for(lab, options):
    name = next((option.removeprefix("mutant=") for option in options if option.startswith("mutant=")), None)
    if name:
        return next(one for one in mutants() if one.lab == lab.folder and one.path.stem == name).applied(clean_files(ROOT))
    return skeleton(lab) if "skeleton" in options else clean_files(ROOT)


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_the_sessions_of_a_handout_go_as_printed(lab, tree):
    played = 0
    for name, text in re.findall(r"^```c (\S+)\n(.*?)^```", handout(lab), re.DOTALL | re.MULTILINE):
        (tree / name).write_text(text)
    for options, session in gathered(f"labs/{lab.folder}/README.md"):
        put(files_for(lab, options), tree)
        player = play_gdb if "gdb" in options else play_interactive if "interactive" in options else play
        player(session, tree)
        played += 1
    assert played >= 3


def table_under(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def files_to_read(lab) -> list[Path]:
    """The files in the table of what to read: `a.h`, `.cpp` and `b.h` stand for a.h, a.cpp and b.h beside them."""
    found: list[Path] = []
    for cell in re.findall(r"^\| (`.*?) \|", table_under(handout(lab), "The files to read"), re.MULTILINE):
        last = Path()
        for name in re.findall(r"`([\w./-]+)`", cell):
            last = Path(name) if "/" in name else last.with_suffix(name) if name.startswith(".") else last.parent / name
            found.append(last)
    return found


def lines_to_read(name: Path) -> int:
    """Code lines of a file, what stands in the holes not counted."""
    text = (ROOT / name).read_text()
    lines = text.split("\n")
    for region in reversed(find_regions(str(name), text)):
        del lines[region.begin : region.end + 1]
    return code_lines("\n".join(lines))


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_what_must_be_read_for_a_lab_is_little(lab):
    lines = {str(name): lines_to_read(name) for name in files_to_read(lab)}
    assert len(lines) >= 4 and sum(lines.values()) <= MOST_LINES, lines
    told = int(re.search(r"[Aa]bout (\d+)\s+lines of\s+code", handout(lab))[1])
    assert abs(told - sum(lines.values())) <= 100, f"the handout says {told} lines, it is {sum(lines.values())}: {lines}"


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_a_handout_tells_what_the_catalogue_says(lab):
    text = handout(lab)
    assert f"Expected time: {lab.hours} hours." in text
    for hole in lab.holes:
        assert re.search(rf"### Task {hole.task}: .*`{hole.name}`", text), hole.name
    for name, points in lab.checks.items():
        assert re.search(rf"`{name}`\s+\({points}(?: points)?\)", text), f"{name} ({points})"
    told = sum(lab.checks.values())
    assert f"Points: {told}" in text and (not lab.hidden_points or f"{lab.hidden_points} for checks you do not see" in text)


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_every_question_has_an_answer(lab):
    def numbers(text):
        return re.findall(r"^(\d+)\. ", text, re.MULTILINE)

    asked = numbers(table_under(handout(lab), "Questions"))
    answers = (ROOT / "labs" / lab.folder / "answers.md").read_text()
    assert len(asked) >= 6 and numbers(answers) == asked
    assert "## A challenge" in handout(lab) and "\nChallenge: " in answers


@pytest.mark.parametrize("lab", LABS, ids=by_folder)
def test_checks_and_host_tests_that_a_handout_names_exist(lab):
    text = handout(lab)
    tests = "\n".join(path.read_text() for path in (ROOT / "grade/unit").rglob("*.cpp"))
    host_tests = re.findall(r"^\w*(?:Test|TEST)\(\w+, (\w+)", tests, re.MULTILINE)
    for command in re.findall(r"`(make (?:unit|grade|gdb)\b[^`]*)`", text):
        for check in re.findall(r"CHECK=([\w-]+)", command.replace("\n", " ")):
            known = host_tests if command.startswith("make unit") else [*lab.checks]
            assert any(check in name for name in known), f"{command}: nothing is called {check}"
    for name in re.findall(r"[Hh]ost tests?:? `(\w+)`", text):
        assert name in host_tests, name


def test_the_guide_to_the_kernel_has_stops_that_exist():
    text = (ROOT / "docs/reading-order.md").read_text()
    stops = re.findall(r"^## \d+\. (.*?)$(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    assert 10 <= len(stops) <= 15
    symbols = subprocess.run(["riscv64-linux-gnu-nm", "-C", ROOT / "build/kernel.elf"], capture_output=True, text=True, check=True).stdout
    for title, stop in stops:
        files = re.findall(r"`(kern/[\w./]+)`", stop)
        assert files and all((ROOT / name).is_file() for name in files), title
        for function in re.findall(r"Stop:\s+`([\w:]+)`", stop):
            assert re.search(rf"\b{function}\b", symbols), f"{title}: no function {function}"


@pytest.mark.slow
def test_the_tour_can_be_taken_in_its_handout(tmp_path):
    """No hole of its sources is filled, and still programs run: it brings the kernel built."""
    out = tmp_path / "tour"
    write_handout(LABS[0], out)
    assert "lab_todo" in (out / "kern/vm/map.cpp").read_text()
    answers = out / "labs/0-tour/answers.toml"
    answers.write_bytes((ROOT / "labs/0-tour/answers.toml").read_bytes())
    done = run("make grade SEED=5", out)
    assert done.returncode == 0 and "total 100/100" in done.stdout, done.stdout
    assert run("make docs", out).returncode == 0 and (out / "build/docs/labs/0-tour/README.html").exists()
    answers.write_text(answers.read_text().replace("reference", "somebody_else"))
    copied = run("make grade CHECK=fault-address", out)
    assert "FAIL     0/10  fault: the address" in copied.stdout and "0x376c8db8" not in copied.stdout.partition("yours")[0]


def test_what_does_not_come_is_noticed():
    seen = ["a  1", "b", "c", "d 2", "  ok    5/5  map    0.2 s"]
    for right in (["a  1", "...", "d ..."], ["...", "b", "c"], [], ["a ...", "b"], ["...", "  ok    5/5  map"]):
        assert first_missing(right, seen) is None, right
    for wrong, missing in ((["a 1"], "a 1"), (["a"], "a"), (["a  1", "c"], "c"), (["...", "c", "...", "b"], "b"), (["b"], "b"), (["...", "  ok    5/5"], "  ok    5/5")):
        assert first_missing(wrong, seen) == missing, wrong
    assert first_missing(["... ..."] + ["..."] * 30 + ["e"], seen * 500) == "e"
    assert first_missing(["...", "x", "y"], ["x", "z", "x", "y"]) is None  # a first place that leads nowhere is not the only one
