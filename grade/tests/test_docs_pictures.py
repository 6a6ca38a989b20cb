"""The pictures: they are what the code draws from what was recorded, and the machine still looks like that."""

import json
import re
import struct
import zlib

from docs.pictures.draw import HERE, draw
from docs.pictures.png import SIGNATURE, chunk, rows_of, shrink
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


def test_a_screenshot_becomes_small_and_stays_the_same_picture(tmp_path):
    rows = [bytes((x * y % 5 * 50, y % 3 * 100, 7, 255)[channel] for x in range(40) for channel in range(4)) for y in range(30)]
    filtered, above = b"", bytes(160)
    for number, row in enumerate(rows):  # each kind of PNG's filters, the fifth as the first
        left = [bytes(4) + row[:-4], above, bytes((a + b) // 2 for a, b in zip(bytes(4) + row[:-4], above))]
        kind = number % 4
        filtered += bytes([kind]) + (row if not kind else bytes((a - b) & 255 for a, b in zip(row, left[kind - 1])))
        above = row
    path = tmp_path / "a.png"
    head = struct.pack(">IIBBBBB", 40, 30, 8, 6, 0, 0, 0)
    path.write_bytes(SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(filtered)) + chunk(b"IEND", b""))
    assert rows_of(path.read_bytes()) == (40, 4, rows)
    shrink(path)
    assert path.stat().st_size < 1000 and all(image.stat().st_size < 60_000 for image in HERE.glob("*.png"))


def test_every_picture_is_shown_somewhere():
    pages = "\n".join(path.read_text() for path in [*ROOT.glob("docs/*.md"), *ROOT.glob("labs/*/README.md"), ROOT / "README.md"])
    shown = set(re.findall(r"pictures/([\w-]+\.(?:svg|png))", pages))
    assert {path.name for path in HERE.iterdir() if path.suffix in (".svg", ".png")} == shown
