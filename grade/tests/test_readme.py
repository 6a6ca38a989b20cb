"""The sessions of README.md and docs/programs.md are played in a clone of this tree, command by command, and must go as printed
(pages.py says how). A block `mutant=NAME` is played with the lab filled in by the reference and that mutant; before the blocks
behind it the reference itself is put in. A block `distro` needs Debian's packages.
"""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from grade.tests.pages import ROOT, blocks, play, play_interactive

LAB = ROOT / "labs/1-vmar"
LONG = ("make grade", "make test")  # what "Start" names: they are this test's own surroundings

pytestmark = pytest.mark.slow


def put_in(tree: Path, mutant: str | None) -> None:
    """The reference's files of the lab, and in them the mutant."""
    for name in tomllib.loads((LAB / "lab.toml").read_text())["files"]:
        shutil.copy(ROOT / name, tree / name)
    if mutant:
        change = tomllib.loads((LAB / f"mutants/{mutant}.toml").read_text())
        file = tree / change["file"]
        text = file.read_text()
        assert text.count(change["find"].strip("\n")) == 1
        file.write_text(text.replace(change["find"].strip("\n"), change["replace"].strip("\n")))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    where = tmp_path_factory.mktemp("pages") / "astrolabe"
    subprocess.run(["git", "clone", "-q", ROOT, where], check=True)
    return where


def test_the_readme_goes_as_printed(tree):
    where = tree
    for options, session in blocks("README.md"):
        if options == {"interactive"}:
            play_interactive(session, where)
            continue
        mutant = next((option.removeprefix("mutant=") for option in options), None)
        if where.name != "astrolabe":
            put_in(where, mutant)
        where = play(session, where, LONG if where.name == "astrolabe" else ())


def test_the_page_on_programs_goes_as_printed(tree, tmp_path):
    fetched = subprocess.run(["grade/distro", tmp_path / "root"], cwd=ROOT, check=False).returncode == 0
    for options, session in blocks("docs/programs.md"):
        if fetched or "distro" not in options:
            (play_interactive if "interactive" in options else play)(session, tree)
    if not fetched:
        pytest.skip("without Debian's packages only a part was played")
