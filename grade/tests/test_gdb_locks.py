"""`locks` where somebody waits, and where a hart takes a lock out of order: the answers are known."""

import re

import pytest

from grade.tests.conftest import LONG
from grade.tests.debugger import Debugger, build


def at(place, *words):
    """What `locks` says at a stop."""
    with Debugger(*words) as gdb:
        gdb("set width 0")
        gdb(f"break {place}")
        assert "Breakpoint 2" in gdb("continue")
        return [" ".join(line.split()) for line in gdb("locks").splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("harts", [1, 4])
def test_a_thread_that_sleeps_for_a_lock(tmp_path, harts):
    build(tmp_path / "bin/gdblocks", "gdblocks.c", "-static", "-pthread")
    seen = at("WaitQueue::sleep if interruptible == Scheduler::Interruptible::no", "CMD=/bin/gdblocks", f"ROOT={tmp_path}", f"SMP={harts}",
              "APPEND=hz=1000")
    line = next(line for line in seen if line.startswith("terminal output"))
    who = re.fullmatch(r"terminal output held by thread (\d) \(gdblocks\); thread (\d) \(gdblocks\) sleeps", line)
    assert who and {who[1], who[2]} == {"1", "2"}, line


def test_a_hart_that_spins_for_a_lock():
    """selftest=stall: one hart keeps a lock of rank vmo, another wants it."""
    seen = at("RankedLock::wait_turn if wait.last_look != 0", "CMD=/bin/true", "SMP=4", "APPEND=selftest=stall")
    waits = next(match for match in (re.match(r"hart (\d) holds nothing; spins for vmo at (0x\w+)$", line) for line in seen) if match)
    holder = next(match for match in (re.match(r"hart (\d) holds vmo$", line) for line in seen) if match)
    assert f"vmo at {waits[2]} held by hart {holder[1]}; hart {waits[1]} spins" in seen
    assert len([line for line in seen if re.match(r"hart \d holds nothing$", line)]) == 2


@pytest.mark.parametrize("harts", [1, 4] if LONG else [1])
def test_a_hart_that_takes_a_lock_out_of_order(harts):
    """selftest=order: with a lock of rank vmo held, one of rank vmar is taken, which comes before."""
    seen = at("RankedLock::report_wrong_order", "CMD=/bin/true", f"SMP={harts}", "APPEND=selftest=order")
    place = next(index for index, line in enumerate(seen) if re.match(r"hart \d holds vmo; takes vmar at 0x\w+$", line))
    assert seen[place + 1] == "<- out of order: it holds vmo, which does not come before vmar"
