"""map: physical memory at a glance, once or again and again while the machine runs."""

import collections
import contextlib
import html
import json
import os
import socket
import sys
import threading

import gdb

from astrolabe.core import kernel, memory, physical, quiet, words
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import PAGE, Corrupt

USAGE = "map [live [PAGE.html]]"
CELLS = 64 * 16  # of the picture; each stands for so many frames
LETTERS = {"free": ".", "kernel": "K", "slab": "S", "page_table": "T", "anon": "a", "file": "f", "zero_page": "z"}
COLOURS = {"free": "#e8e8e8", "kernel": "#555555", "slab": "#8e6bbf", "page_table": "#d1495b", "anon": "#2a9d5c", "file": "#3b78c4",
           "zero_page": "#e9b44c"}
TERMINAL = {"free": "2", "kernel": "1;37", "slab": "35", "page_table": "31", "anon": "32", "file": "34", "zero_page": "33"}
INTERVAL = 0.1  # seconds that the machine runs between two looks


@command("map", lambda: ["live"], physical=False)
def show(arguments):
    """Draw physical memory by owner, and the address space of the running process.

    map                     once, as it is now
    map live [PAGE.html]    let the machine run and draw every tenth of a second until it ends; the page gets a time line

Each letter stands for a run of frames and shows what most of them are: K kernel, S slab, T page table, a anonymous, f file, z
zeroes, . free. A kernel whose records cannot be read gets the pages that the selected hart can reach."""
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
    """[use] by cell, and {use: frames}."""
    records = physical.frame_records()
    uses, totals = [], collections.Counter()
    for _, count, use in records.runs():
        uses += [use] * count
        totals[use] += count
    step = max(1, -(-len(uses) // CELLS))
    return [collections.Counter(uses[at : at + step]).most_common(1)[0][0] for at in range(0, len(uses), step)], totals, step


def picture():
    cells, totals, step = owners()
    yield f"each letter: {words.size(step * PAGE)}"
    for at in range(0, len(cells), 64):
        yield "  " + "".join(coloured(use) for use in cells[at : at + 64])
    yield "  " + "   ".join(f"{coloured(use)} {use} {words.size(totals[use] * PAGE)}" for use in LETTERS if use in totals)


def coloured(use):
    letter = LETTERS.get(use, "?")
    return f"\033[{TERMINAL[use]}m{letter}\033[0m" if sys.__stdout__.isatty() and use in TERMINAL else letter


def who_runs():
    for hart in kernel.harts():
        thread = hart.thread()
        process = thread.process() if thread else None
        space = process.vmar() if process else None
        if space:
            anon, file = space.resident()
            yield f"hart {hart.index}: pid {process.pid} {process.name()}, {words.size(space.total_bytes())} mapped, anon {anon * PAGE >> 10} KiB, file {file * PAGE >> 10} KiB"
        else:
            yield f"hart {hart.index}: no program"


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
        write_page(page, [item for item in samples if item])
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
    """({use: frames}, cells, lines about the harts)"""
    try:
        with memory.session():
            cells, totals, _ = owners()
            return totals, cells, list(guarded(who_runs()))
    except Corrupt:
        return None


def write_page(path, samples):
    """One file, no script from anywhere else: the time line above, the map at the moment that was picked below."""
    total = max((sum(totals.values()) for totals, _, _ in samples), default=1)
    width = 100 / max(1, len(samples))
    bars = ""
    for index, (totals, _, _) in enumerate(samples):
        low = 0.0
        for use in COLOURS:
            height = 100 * totals.get(use, 0) / total
            bars += f'<rect x="{index * width:.3f}" y="{100 - low - height:.3f}" width="{width:.3f}" height="{height:.3f}" fill="{COLOURS[use]}"/>'
            low += height
    legend = " ".join(f'<span style="background:{colour}">&nbsp;&nbsp;</span> {use}' for use, colour in COLOURS.items())
    maps = "".join(one_map(index, *item) for index, item in enumerate(samples))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Astrolabe: physical memory</title>
<style>body{{font:14px sans-serif;max-width:60em;margin:1em auto}}svg{{width:100%;height:12em}}.map{{display:none}}.map.now{{display:block}}
.cells{{display:grid;grid-template-columns:repeat(64,1fr);gap:1px}}.cells i{{aspect-ratio:1}}input{{width:100%}}</style>
<h1>Physical memory by owner</h1><p>{legend}</p>
<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="time line">{bars}</svg>
<input type="range" min="0" max="{max(0, len(samples) - 1)}" value="0" aria-label="moment" oninput="pick(this.value)">
{maps}<script>function pick(n){{document.querySelectorAll('.map').forEach((m,i)=>m.classList.toggle('now',i==n))}}pick(0)</script>
""")


def one_map(index, totals, cells, lines):
    squares = "".join(f'<i style="background:{COLOURS.get(use, "#000")}"></i>' for use in cells)
    text = "<br>".join(html.escape(line) for line in lines)
    return f'<div class="map" id="look{index}"><p>look {index + 1}<br>{text}</p><div class="cells">{squares}</div></div>'
