"""make trace: the time line is what happened, and what a viewer of the Chrome trace format takes."""

import json
import re

import pytest

from grade.tests import chrome_trace, devtools
from grade.tests.conftest import LONG
from grade.tests.debugger import build
from grade.tests.test_gdb_tools import make


def traced(tmp_path, *words):
    """The events of a run, by category, {(group, number): name} of the rows, and what was printed."""
    out = tmp_path / "trace.json"
    done = make("trace", f"OUT={out}", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert chrome_trace.problems(out.read_text()) == []
    events = json.loads(out.read_text())["traceEvents"]
    groups = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
    rows = {(event["pid"], event["tid"]): (groups[event["pid"]], event["args"]["name"]) for event in events if event["name"] == "thread_name"}
    by_kind = {}
    for event in events:
        if event["ph"] != "M":
            by_kind.setdefault(event["cat"], []).append({**event, "row": rows[event["pid"], event["tid"]]})
    return by_kind


def covers(outer, inner):
    return outer["ts"] <= inner["ts"] and inner["ts"] + inner["dur"] <= outer["ts"] + outer["dur"] + 0.01


@pytest.mark.slow
@pytest.mark.parametrize("harts", [1, 4] if LONG else [4])
def test_trace_is_a_time_line_of_calls_and_threads(tmp_path, harts):
    seen = traced(tmp_path, "CMD=/bin/sh -c 'cat /etc/motd | wc'", f"SMP={harts}")
    calls = seen["syscall"]
    assert any(event["args"]["call"].startswith('write(1, "Welcome to Astrolabe') and event["args"]["result"] == "22" for event in calls)
    assert {"execve", "clone", "wait4", "exit_group"} <= {event["name"] for event in calls}
    assert any(event["name"].startswith("wc ") and event["row"][0] == "harts" for event in seen["sched"])
    assert any(re.match(r"fault 0x\w+$", event["name"]) and event["row"][0] == "threads" for event in seen["fault"])
    chromium_reads_the_same(tmp_path / "trace.json", seen)  # last, for without a browser it skips the test


def chromium_reads_the_same(file, seen):
    """Each row with its events."""
    rows = {}
    for event in (event for events in seen.values() for event in events if event["ph"] == "X"):
        rows.setdefault("/".join(event["row"]), []).append(event["name"])
    assert {"harts", "threads"} <= {row.partition("/")[0] for row in rows}
    read = devtools.rows_of(file.read_text())
    assert {row: sorted(names) for row, names in read.items()} == {row: sorted(names) for row, names in rows.items()}


@pytest.mark.slow
def test_a_clock_that_counts_instructions(tmp_path):
    """With ICOUNT=1 the machine does not skip to the end of time while it stands."""
    calls = traced(tmp_path, "CMD=/bin/true", "ICOUNT=1")["syscall"]
    assert "execve" not in {event["name"] for event in calls} and calls[-1]["name"] == "exit_group" and calls[-1]["ts"] < 5_000_000


@pytest.mark.slow
def test_the_lock_two_threads_write_with(tmp_path):
    """On one hart a thread writes to the terminal until its turn is over; the other waits for the lock, and gets it then."""
    root = tmp_path / "root"
    build(root / "bin/gdblocks", "gdblocks.c", "-static", "-pthread")
    seen = traced(tmp_path, "CMD=/bin/gdblocks", f"ROOT={root}", "APPEND=hz=1000")
    waits = [event for event in seen["lock"] if event["name"] == "waits for terminal output"]
    held = [event for event in seen["lock"] if event["row"] == ("locks", "terminal output")]
    assert {event["row"][1] for event in waits} == {"gdblocks 1", "gdblocks 2"} == {event["name"] for event in held}
    for wait in waits:  # in a write() of the same thread, while the other thread has it
        assert any(call["name"] == "write" and call["row"] == wait["row"] and covers(call, wait) for call in seen["syscall"])
        assert any(other["name"] != wait["row"][1] and other["ts"] <= wait["ts"] < other["ts"] + other["dur"] for other in held)


@pytest.mark.slow
@pytest.mark.parametrize("harts", [1, 2] if LONG else [2])
def test_a_sleeping_and_a_spinning_lock_that_are_waited_for(tmp_path, harts):
    """selftest=locks: the first thread keeps a sleeping lock from another; with two harts another keeps a spinning one from it."""
    locks = traced(tmp_path, "CMD=/bin/true", f"SMP={harts}", "APPEND=selftest=locks")["lock"]
    sleeps, = [event for event in locks if event["name"].startswith("waits for sleeping lock")]
    assert sleeps["row"] == ("threads", "kernel")
    spins = [event for event in locks if event["name"].startswith("waits for vmo") and event["row"][0] == "harts"]
    assert len(spins) == harts - 1
    for spin in spins:
        who, = [event for event in locks if event["row"] == ("locks", spin["name"].removeprefix("waits for "))]
        assert who["name"] == f"hart {1 - spin['tid']}" and covers(who, spin)


def test_a_trace_that_breaks_the_rules_is_found_out():
    def event(**fields):
        return {"name": "a", "ph": "X", "pid": 1, "tid": 1, "ts": 10, "dur": 5, **fields}

    names = [{"name": f"{kind}_name", "ph": "M", "pid": 1, "tid": 1, "args": {"name": "x"}} for kind in ("process", "thread")]

    def told(*events):
        return chrome_trace.problems(json.dumps({"traceEvents": [*names, *events]}))

    assert told(event(), event(ts=11, dur=4), event(ts=11, dur=1), event(ts=15)) == []
    assert told(event(ph="B"), event(ph="E", ts=12)) == []
    for wrong, words in (([event(), event(ts=12)], "ends at"), ([event(dur=-1)], "no time"), ([event(ts=None)], "no time"), ([event(ph="Q")], "phase"),
                         ([event(tid=2)], "no name"), ([event(name=7)], "no str"), ([event(ph="i", s="x")], "scope"), ([event(colour=1)], "colour"),
                         ([event(ph="B")], "no end"), ([event(ph="E")], "not begun"), ([event(ph="M", args={})], "meaning"),
                         ([event(ph="b")], "without id")):
        assert any(words in problem for problem in told(*wrong)), (wrong, told(*wrong))
    assert chrome_trace.problems("{") and chrome_trace.problems("{}")
