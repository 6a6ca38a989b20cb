"""What the pictures show, taken from a machine: the mappings of a process, and a page-table walk. Written to seen.json.

    python3 -m docs.pictures.record        (make pictures does this, and draws)
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from grade.machine import Machine, StopKind
from grade.machine.cpio import archive
from grade.machine.elf import Elf
from grade.machine.sv39 import PAGE, R, W, X

ROOT = Path(__file__).resolve().parents[2]
SEEN = Path(__file__).parent / "seen.json"
TOUR = ["/lab/tour", "ada", "page"]  # a program that maps pages, uses them unalike, and comes to look_here


def mappings() -> list[dict]:
    """The lines of /proc/self/maps of `cat`, addresses not randomised."""
    command = ["make", "run", "CMD=/bin/cat /proc/self/maps", "APPEND=norandmaps"]
    text = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    found = []
    for line in text.splitlines():
        place, rights, offset, _, _, *name = line.split()
        start, end = (int(word, 16) for word in place.split("-"))
        found.append({"start": start, "end": end, "rights": rights, "offset": int(offset, 16), "name": " ".join(name)})
    return found


def walk() -> dict:
    """The three entries on the way to the page that the tour's program read."""
    elf = Elf(ROOT / "build/user/lab/tour")
    append = f"init={TOUR[0]} quiet norandmaps -- {' '.join(TOUR[1:])}"
    with Machine(ROOT / "build/kernel.elf", archive({TOUR[0]: bytes(elf.data)}, ("dev", "proc", "tmp")), append) as machine:
        assert machine.run_to(elf.symbols["look_here"]).kind is StopKind.BREAKPOINT
        address, table = machine.gdb.registers()["a0"], machine.page_table().root
        levels = []
        for level in (2, 1, 0):
            index = address >> 12 + 9 * level & 511
            entry = int.from_bytes(machine.read_physical(table + 8 * index, 8), "little")
            levels.append({"table": table, "index": index, "entry": entry, "leaf": bool(entry & (R | W | X))})
            table = (entry >> 10 & (1 << 44) - 1) * PAGE
    return {"address": address, "levels": levels, "frame": table}


if __name__ == "__main__":
    SEEN.write_text(json.dumps({"mappings": mappings(), "walk": walk()}, indent=1) + "\n")
