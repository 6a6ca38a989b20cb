"""The tests on the host and in the guest run the lines of kern/vm, and a line that none of them runs has a reason."""

import subprocess
from pathlib import Path

import pytest

from grade.coverage import report
from grade.coverage.guest import counts_in
from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT


@pytest.mark.skipif(not LONG, reason="a build of its own: LONG=1")
def test_the_address_space_is_covered():
    done = subprocess.run(["make", "-s", "coverage"], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "kern/vm/fault.cpp" in done.stdout and "\nall " in done.stdout


def test_a_line_without_a_reason_is_named():
    fault = (ROOT / "kern/vm/fault.cpp").read_text().splitlines()
    explained = next(number for number, line in enumerate(fault, 1) if line.strip().startswith("table.set_perms(slot, slot->has"))
    told = report.unexplained({"kern/vm/fault.cpp": {1: 5, 2: 0, explained: 0}})
    assert told[0].startswith("kern/vm/fault.cpp:2: never ran: ") and not any(f":{explained}:" in line for line in told)
    assert any("return FaultOutcome::resolved;: there is no such line" in line for line in told)


def test_both_sides_count():
    host = {"a.cpp": {1: 1, 2: 0, 3: 0}}, {"a.cpp": {1: [1, 0], 2: [0, 0]}}
    guest = {"a.cpp": {2: 4, 9: 1}}, {"a.cpp": {1: [0, 3], 2: [1, 1, 1]}}
    assert report.together(host, guest) == ({"a.cpp": {1: 1, 2: 4, 3: 0}}, {"a.cpp": {1: [1, 3], 2: [0, 0]}})


def test_the_guest_s_counts_are_read_from_its_console():
    console = "coverage: data 00\n" "coverage: file /x/a.gcda\ncoverage: data 6164\nhello\ncoverage: data 6361\ncoverage: file /x/b.gcda\n"
    assert counts_in(console) == {Path("/x/a.gcda"): b"adca", Path("/x/b.gcda"): b""}
