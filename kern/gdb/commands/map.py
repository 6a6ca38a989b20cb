"""map: physical memory at a glance, once or again and again while the machine runs."""

import collections
import contextlib
import json
import os
import socket
import sys
import threading

import gdb

from astrolabe.commands import vmar
from astrolabe.core import kernel, map_page, memory, outside, physical, quiet, words
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import PAGE, Corrupt

USAGE = "map [live [PAGE.html]]"
CELLS = 64 * 16  # of the picture; each stands for so many frames
# use -> its letter, colour on a page, colour in a terminal; the last four only where the kernel's records cannot be read
LOOKS = {"free": (".", "#e8e8e8", "2"), "kernel": ("K", "#555555", "1;37"), "slab": ("S", "#8e6bbf", "35"), "page_table": ("T", "#d1495b", "31"),
         "anon": ("a", "#2a9d5c", "32"), "file": ("f", "#3b78c4", "34"), "zero_page": ("z", "#e9b44c", "33"), "user": ("u", "#2a9d5c", "32"),
         "firmware": ("F", "#b08968", "36"), "device_tree": ("D", "#6d597a", "35"), "initramfs": ("i", "#3b78c4", "34"), "unknown": ("?", "#f4f4f4", "2")}
INTERVAL = 0.1  # seconds that the machine runs between two looks


@command("map", lambda: ["live"], physical=False)
def show(arguments):
    """Draw physical memory by owner, and the address space of the running process.

    map                     once, as it is now
    map live [PAGE.html]    let the machine run and draw every tenth of a second until it ends; the page gets a time line

Each letter stands for a run of frames and shows what most of those in use are: K kernel, S slab, T page table, a anonymous, f file,
z zeroes and . free. Where the kernel's records cannot be read, it is drawn what page tables, the device tree and the ELF file tell: u a
user's page, F firmware, D device tree, i initramfs, ? unknown."""
    if not arguments:
        yield from looked_at()
    elif arguments[0] == "live" and len(arguments) <= 2:
        if "ASTROLABE_QMP" not in os.environ:
            raise Usage("this machine cannot be asked to stop; make map CMD='/bin/prog' starts one that can")
        yield from live(arguments[1] if len(arguments) == 2 else None)
    else:
        raise Usage(f"usage: {USAGE}")


def looked_at():
    with memory.session():
        yield from guarded(picture())
        yield from guarded(who_runs())


def owners():
    """[use] by cell, {use: frames}, frames a cell, and what is wrong with the kernel's records ("": nothing)."""
    problem, uses = "", []
    try:
        for _, count, use in physical.frame_records().runs():
            uses += [use] * count
    except Corrupt as error:
        problem, uses = str(error), outside.uses()
    step = max(1, -(-len(uses) // CELLS))
    return [most(uses[at : at + step]) for at in range(0, len(uses), step)], collections.Counter(uses), step, problem


def most(uses):
    """What most of these frames are; those of nobody count only when all are."""
    counted = collections.Counter(use for use in uses if use not in map_page.IDLE)
    return counted.most_common(1)[0][0] if counted else uses[0]


def picture():
    cells, totals, step, problem = owners()
    if problem:
        yield f"  !! {problem}; so this is what page tables, the device tree and the ELF file tell"
    yield f"each letter: {words.size(step * PAGE)}"
    for at in range(0, len(cells), 64):
        yield "  " + "".join(coloured(use) for use in cells[at : at + 64])
    yield "  " + "   ".join(f"{coloured(use)} {use} {words.size(totals[use] * PAGE)}" for use in LOOKS if use in totals)


def coloured(use):
    letter, _, colour = LOOKS.get(use, ("?", "", "2"))
    return f"\033[{colour}m{letter}\033[0m" if sys.__stdout__.isatty() else letter


def who_runs():
    """The address space of each process that a hart runs."""
    for hart in kernel.harts():
        thread = hart.thread()
        process = thread.process() if thread else None
        space = process.vmar() if process else None
        yield f"hart {hart.index}:" + ("" if space else " no program")
        if space:
            yield from guarded(vmar.summary(process, space))
            yield from guarded(vmar.picture(process, space))


# LIVE


def live(page):
    samples = []
    control = Control(os.environ["ASTROLABE_QMP"])
    while run_for(INTERVAL, control):
        if sys.__stdout__.isatty():
            yield "\033[H\033[2J"
        yield from looked_at()
        samples.append(sample())
    if page:
        map_page.write(page, [item for item in samples if item], {use: colour for use, (_, colour, _) in LOOKS.items()})
        yield f"{page}: {words.count(len(samples), 'look')}"


class Control:
    """QEMU's control channel (QMP). Ctrl-C would do to stop the machine, but for a second one: GDB takes that for good-bye."""

    def __init__(self, path):
        self.channel = socket.socket(socket.AF_UNIX)
        self.channel.connect(path)
        self.say("qmp_capabilities")

    def say(self, word):
        with contextlib.suppress(OSError):  # the machine has ended
            self.channel.sendall(json.dumps({"execute": word}).encode() + b"\n")
            self.channel.recv(1 << 16, socket.MSG_DONTWAIT)  # its answers, which nobody needs


def run_for(seconds, control):
    """Lets the machine run; False when it has ended."""
    stands = threading.Event()

    def interrupt():
        while not stands.wait(seconds):  # not once only: what is said before the machine runs does nothing
            control.say("stop")

    asker = threading.Thread(target=interrupt)
    asker.start()
    try:
        quiet.execute("continue")
    except (gdb.error, KeyboardInterrupt):
        pass
    finally:
        stands.set()
        asker.join()
    return gdb.selected_thread() is not None


def sample():
    """What the page shows of this moment."""
    try:
        with memory.session():
            cells, totals, _, problem = owners()
            return map_page.Look(totals, cells, [problem] * bool(problem) + list(guarded(who_runs())))
    except Corrupt:
        return None
