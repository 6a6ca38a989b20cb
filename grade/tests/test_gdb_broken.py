"""kern/gdb in kernels that are broken: three that are built so, and memory that was written over at random. A command says what
it can, names what cannot be, and never ends in a traceback of its own."""

import os
import random
import re
import shutil
import subprocess

import pytest

from grade.tests.conftest import LONG
from grade.tests.debugger import ENVIRONMENT, ROOT, Debugger
from grade.tests.workshop import copy_tree

COMMANDS = ["procs", "threads", "vmar", "vmar 1", "pt $sp", "pt 0x10000", "pt 0x10000 1", "trap", "initstack", "initstack 1", "heap", "heap 1", "fds",
            "fds 1", "frames", "frames 0x80a00000", "locks", "kmem", "kmem mark", "kmem leaks", "tlb", "tlb 0x10000", "programs", "syscalls", "lab", "map"]
HARTS = [1, 4] if LONG else [4]  # the kernel that panics before it has a process has one that runs in any case


def look(gdb, where=""):
    """Every command's output; fails when one has a fault of its own."""
    seen = {command: gdb(command) for command in COMMANDS}
    for command, text in seen.items():
        assert "Traceback" not in text and "cannot go on" not in text, f"{where} {command}:\n{text}"
        assert text or command == "syscalls", f"{where} {command} says nothing"
    return seen


def look_from_each_hart(gdb, harts):
    for hart in range(1, harts + 1):
        assert f"Switching to thread {hart}" in gdb(f"thread {hart}")
        assert gdb("trap").startswith(f"hart {hart - 1} in ")
        for command in ("vmar 1", "tlb", "pt $sp", "backtrace", "userbt"):
            assert gdb(command), f"hart {hart - 1}: {command} says nothing"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """break_kernel(file, right, wrong) builds a kernel with one mistake, in a copy of this tree."""
    tree = copy_tree(tmp_path_factory.mktemp("broken") / "tree")
    broken = []

    def break_kernel(file, right, wrong):
        while broken:
            shutil.copy(ROOT / broken[-1], tree / broken.pop())  # the mistake before: newer than what was built from it
        text = (ROOT / file).read_text()
        assert text.count(right) == 1, f"{file} has changed: {right!r} is there {text.count(right)} times"
        (tree / file).write_text(text.replace(right, wrong))
        broken.append(file)
        done = subprocess.run(["make", "all"], cwd=tree, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return tree

    return break_kernel


def stopped(tree, place, *words):
    gdb = Debugger("CMD=/bin/hello", "APPEND=norandmaps", *words, tree=tree)
    gdb("set width 0")
    gdb(f"break {place}")
    assert "Breakpoint" in gdb("continue"), place
    return gdb


@pytest.mark.slow
@pytest.mark.parametrize("harts", HARTS)
def test_a_set_of_mappings_whose_links_are_wrong(workshop, harts):
    tree = workshop("kern/vm/interval_tree.cpp", "    node.before = before;", "    node.before = before ? before->before : nullptr;")
    with stopped(tree, "kill_for", f"SMP={harts}") as gdb:  # a page that is mapped is not found
        assert re.search(r"!! mapping at 0x\w+: its link to the mapping before it is wrong", look(gdb)["vmar"])
        look_from_each_hart(gdb, harts)


@pytest.mark.slow
def test_a_kernel_that_panics_before_it_has_a_process(workshop):
    tree = workshop("kern/mm/frame.cpp", "zeroes = *allocate_frame(FrameUse::zero_page);",
                    "zeroes = *allocate_frame(FrameUse::zero_page);\n    records = nullptr;")
    with stopped(tree, "arch::report_panic") as gdb:
        seen = look(gdb)
        assert "no memory yet" in seen["frames"] and "no process yet" in seen["procs"]
        drawn = seen["map"]  # from outside
        assert "no memory yet" in drawn and re.search(r"^  F{16}K+", drawn, re.MULTILINE) and "i initramfs" in drawn and "D device_tree" in drawn
        assert "page fault" in seen["trap"] or "kernel mode" in seen["trap"]


@pytest.mark.slow
@pytest.mark.parametrize("harts", HARTS)
def test_a_hole_that_is_not_written(workshop, harts):
    tree = workshop("kern/vm/map.cpp", "Result<VirtAddr> Vmar::map(const MapRequest& request) {",
                    'Result<VirtAddr> Vmar::map(const MapRequest& request) {\n    if (request.size) return lab_todo("vmar.map", "labs/1-vmar, task 3");')
    with stopped(tree, "arch::power_off", f"SMP={harts}") as gdb:
        seen = look(gdb)
        assert re.search(r"\d+ holes, 1 open", seen["lab"]) and re.search(r"OPEN +vmar.map ", seen["lab"])
        assert "pid 1 : has ended, and has no address space any more" in seen["vmar 1"]
        look_from_each_hart(gdb, harts)


def test_memory_written_over_at_random():
    """Words of the structures that the commands follow get other values, at many places one after the other."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32) if LONG else 6))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    with Debugger("CMD=/bin/hello", "APPEND=norandmaps") as gdb:
        gdb("set width 0")
        gdb("tbreak on_user_syscall")
        assert "on_user_syscall" in gdb("continue")
        for round_number in range(60 if LONG else 4):
            script = f"""python
import sys
sys.modules["astrolabe.core.command"].debug = False
from astrolabe.core import kernel, memory
import random
chance = random.Random({chance.randrange(1 << 32)})
with memory.session():
    process = next(iter(kernel.processes()), None)
    places = [process.place] if process else []
    space = process.vmar() if process else None
    places += [space.place, space.set().first.target()] if space else []
    places += [kernel.harts()[0].thread_place]
    place = chance.choice([item for item in places if item])
    address = place.address + 8 * chance.randrange(max(1, min(512, place.ctype.sizeof) // 8))
    old = memory.read(address, 8)
    value = chance.choice([0, 1, address, address + 8, 0xffffffc080a00000, 0xffffffc0ffffffff, chance.randrange(1 << 64), (1 << 64) - 1])
memory_of = gdb.selected_inferior()
memory_of.write_memory(address, value.to_bytes(8, "little"))
end"""
            gdb(script)
            look(gdb, f"seed {seed}, round {round_number},")
            gdb("python memory_of.write_memory(address, old)")
