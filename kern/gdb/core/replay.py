"""Time travel, by running a recorded machine again from its start to any instruction: `make record`, then `make replay`.

    start ------ hit ------ hit ------ now            reverse-continue: from the start to now, and note each stop on the way;
      |------------------->                           then once more from the start, to the last of them

QEMU replays forward exactly and fast. Its own way back, from a snapshot, stands still at the first timer interrupt behind it
(docs/debugging.md says what was tried); so a step back is a new QEMU that replays to one instruction earlier.
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import gdb

from astrolabe.core import memory, programs, quiet
from astrolabe.core.command import Usage

MOST_STOPS = 5000  # on the way to now
_machine = []  # the QEMU that runs now, and its folder


def recording():
    return os.environ.get("ASTROLABE_RECORDING")


def restart(shows_console=False):
    """A new machine at its first instruction."""
    if not recording():
        raise Usage("this machine is not a recorded one; make record, then make replay")
    stop()
    with open(recording(), encoding="utf-8") as file:
        command = json.load(file)
    folder = tempfile.mkdtemp(prefix="astrolabe-replay-")
    stub = f"{folder}/stub"
    command = [word.replace("STUB", stub) for word in command]
    console = None if shows_console else subprocess.DEVNULL
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
                               preexec_fn=end_with_gdb)
    _machine[:] = [machine, folder]
    while not attached(stub):
        if machine.poll() is not None:
            raise Usage(f"QEMU ended at once, with status {machine.returncode}")
        time.sleep(0.005)


def end_with_gdb():
    """However GDB ends, its machine does (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def attached(stub):
    """QEMU makes its socket, and listens a moment later."""
    if not os.path.exists(stub):
        return False
    try:
        quiet.execute(f"target remote {stub}")
        return True
    except gdb.error as error:
        if "refused" in str(error):
            return False
        raise


def stop():
    if not _machine:
        return
    if gdb.selected_thread() is not None:
        gdb.execute("disconnect", to_string=True)
    machine, folder = _machine
    _machine.clear()
    machine.kill()
    machine.wait()
    shutil.rmtree(folder, ignore_errors=True)


def now():
    """Instructions since power-on."""
    if gdb.selected_thread() is None:
        raise memory.NoMachine("the machine has ended; rewind begins anew")
    found = re.search(r"instruction count = (\d+)", gdb.execute("monitor info replay", to_string=True))
    if not found:
        raise Usage("this machine is not a recorded one; make record, then make replay")
    return int(found[1])


class Only:
    """While it holds, no breakpoint of the user's is enabled but those it was given."""

    def __init__(self, *kept):
        self.kept = kept

    def __enter__(self):
        self.points = [point for point in gdb.breakpoints() if point.enabled and point not in self.kept]
        for point in self.points:
            point.enabled = False

    def __exit__(self, *problem):
        for point in self.points:
            if point.is_valid():
                point.enabled = True


def forward(count):
    """Runs to just before instruction number `count`, which is still to come, past every breakpoint."""
    with Only():
        quiet.execute(f"monitor replay_break {count}")
        while now() < count:
            quiet.execute("continue")


def goto(count):
    """To just before instruction number `count`, from the start."""
    restart()
    forward(max(count, 0))
    programs.on_stop(None)


def stops_before(count):
    """(instruction, old and new value of the watchpoint if it was one) of each stop from the start to `count`."""
    found, values = [], {}
    restart()
    quiet.execute(f"monitor replay_break {count}")
    while len(found) < MOST_STOPS:
        hits = {point.number: point.hit_count for point in gdb.breakpoints() if is_watch(point)}
        quiet.execute("continue")
        at = now()
        if at >= count:
            return found
        changed = [point for point in gdb.breakpoints() if is_watch(point) and point.hit_count != hits.get(point.number)]
        found.append((at, [line for point in changed for line in change(point, values)]))
    raise Usage(f"more than {MOST_STOPS} stops on the way; disable some breakpoints")


def is_watch(point):
    return point.enabled and point.type in (gdb.BP_WATCHPOINT, gdb.BP_HARDWARE_WATCHPOINT)


def change(point, values):
    """What a watchpoint saw change."""
    expression = point.expression.removeprefix("-location ")
    try:
        new = gdb.parse_and_eval(expression).format_string()
    except gdb.error:
        return
    old, values[point.number] = values.get(point.number, "not known"), new
    yield f"{expression}: old value {old}, new value {new}"


def last_stop(*kept):
    """Back to the last stop before now, of the breakpoints `kept` or else of all: what changed there; None: there was none."""
    count = now()
    with Only(*kept) if kept else contextlib.nullcontext():
        found = stops_before(count)
    goto(found[-1][0] if found else count)
    return found[-1][1] if found else None
