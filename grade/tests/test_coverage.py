"""The host tests run the lines of kern/vm, and a line that none of them runs has a reason."""

import subprocess

import pytest

from grade.coverage import report
from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT


@pytest.mark.skipif(not LONG, reason="a build of its own: LONG=1")
def test_the_address_space_is_covered():
    done = subprocess.run(["make", "-s", "coverage"], cwd=ROOT, env=plain_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "kern/vm/fault.cpp" in done.stdout and "\nall " in done.stdout


def test_a_line_without_a_reason_is_named():
    advise = (ROOT / "kern/vm/advise.cpp").read_text().splitlines()
    explained = max(number for number, line in enumerate(advise, 1) if line.strip() == "return {};" and advise[number].strip() == "}")
    told = report.unexplained({"kern/vm/advise.cpp": {1: 5, 2: 0, explained: 0}})
    assert told[0].startswith("kern/vm/advise.cpp:2: never ran: ") and not any(f":{explained}:" in line for line in told)
    assert any("fault.cpp" in line and "no such line" in line for line in told)
