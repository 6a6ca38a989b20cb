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
_stops = []  # the last one, as GDB tells of it


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
            run_on(count)


def run_on(count):
    """To the next stop, at instruction `count` at the latest: where that is. Ctrl-C is no stop, but KeyboardInterrupt."""
    try:
        quiet.execute("continue")
    except gdb.error:
        if gdb.selected_thread() is not None:
            raise
        raise Usage(f"the recorded run ends before instruction {count}") from None
    at = now()
    if at < count and isinstance(_stops[-1], gdb.SignalEvent) and _stops[-1].stop_signal == "SIGINT":
        raise KeyboardInterrupt
    return at


def note_stop(event):
    _stops[:] = [event]


@contextlib.contextmanager
def or_back():
    """What does not come to its end on the way leaves the machine where it was."""
    count = now() if gdb.selected_thread() is not None else None
    try:
        yield
    except BaseException:
        if count is not None:
            goto(count)
        raise


def goto(count):
    """To just before instruction number `count`, from the start."""
    restart()
    forward(max(count, 0))
    programs.on_stop(None)


def stops_before(count):
    """(instruction, the watchpoints that saw a change) of each stop from the start to `count`."""
    found = []
    restart()
    quiet.execute(f"monitor replay_break {count}")
    while len(found) < MOST_STOPS:
        hits = {point.number: point.hit_count for point in gdb.breakpoints() if is_watch(point)}
        at = run_on(count)
        if at >= count:
            return found
        found.append((at, [point for point in gdb.breakpoints() if is_watch(point) and point.hit_count != hits.get(point.number)]))
    raise Usage(f"more than {MOST_STOPS} stops on the way; disable some breakpoints")


def is_watch(point):
    return point.enabled and point.type in (gdb.BP_WATCHPOINT, gdb.BP_HARDWARE_WATCHPOINT)


class Watched:
    """A value that changes: what it is called, and what it is now."""

    def __init__(self, point):
        self.name = point.expression.removeprefix("-location ")

    def value(self):
        return gdb.parse_and_eval(self.name)

    def text(self):
        try:
            return self.value().format_string()
        except gdb.error:
            return "not known"


class WatchedPlace(Watched):
    """One at an address, of a type that is not known everywhere."""

    def __init__(self, name, address, kind):
        self.name, self.address, self.kind = name, address, kind

    def value(self):
        return gdb.Value(self.address).cast(self.kind.pointer()).dereference()


def back_to_stop():
    """Back to the last stop before now: the lines that say what changed there; None: there was none."""
    with or_back():
        count = now()
        found = stops_before(count)
        if not found:
            goto(count)
            return None
        at, points = found[-1]
        return back_to_change(at, [Watched(point) for point in points])


def back_to_write(watched, point):
    """The same for one value and its watchpoint alone."""
    with or_back():
        count = now()
        with Only(point):
            found = stops_before(count)
        if not found:
            goto(count)
            return None
        return back_to_change(found[-1][0], [watched])


def back_to_change(at, watched):
    """To just behind the instruction that made a change, by way of just before it."""
    if not watched:
        goto(at)
        return []
    goto(at - 1)
    before = [item.text() for item in watched]
    forward(at)
    programs.on_stop(None)
    return [f"{item.name}: old value {old}, new value {item.text()}" for item, old in zip(watched, before)]


if recording():
    gdb.events.stop.connect(note_stop)
