"""The pictures: they are what the code draws from what was recorded, and the machine still looks like that."""

import json
import re

from docs.pictures.draw import HERE, draw
from docs.pictures.record import SEEN, mappings, walk
from grade.tests.pages import ROOT

RECORDED = json.loads(SEEN.read_text())


def test_every_picture_is_what_is_drawn():
    for name, text in draw(RECORDED).items():
        assert (HERE / name).read_text() == text, f"{name} is older than what draws it: make pictures"


def test_the_mappings_of_a_process_are_those_drawn():
    def told(found):
        return [(one["name"], one["rights"]) for one in found]

    assert told(mappings()) == told(RECORDED["mappings"])


def test_the_walk_is_the_one_drawn():
    def told(found):
        return [found["address"], *((level["index"], level["entry"] & 0x1F, level["leaf"]) for level in found["levels"])]

    assert told(walk()) == told(RECORDED["walk"])


def test_the_trap_path_names_what_is_there():
    text = (HERE / "trap-path.svg").read_text()
    for file, function in (("arch/riscv/trap.S", "trap_entry"), ("syscall/table.cpp", "on_user_syscall"),
                           ("process/process.cpp", "before_user_return")):
        assert f"kern/{file}" in text and function in (ROOT / "kern" / file).read_text()


def test_every_picture_is_shown_somewhere():
    pages = "\n".join(path.read_text() for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("labs/*/README.md"), ROOT / "README.md"])
    shown = set(re.findall(r"pictures/([\w-]+\.(?:svg|png))", pages))
    assert {path.name for path in HERE.iterdir() if path.suffix in (".svg", ".png")} == shown
