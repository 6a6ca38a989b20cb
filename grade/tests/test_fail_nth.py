"""No allocation is sure to succeed: each one of a scenario fails once, and the kernel lives and loses nothing."""

import re

import pytest

from grade.tests.conftest import LONG
from grade.tests.test_run_on_linux import on_astrolabe


@pytest.mark.parametrize("harts", [1, 2, 4, 8] if LONG else [2])
def test_every_allocation_of_a_scenario_may_fail(harts):
    done = on_astrolabe(["/bin/failnth"], "APPEND=failnth=0", f"SMP={harts}", "TIMEOUT=600")
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said + done.stderr.decode(errors="replace")[-4000:]
    went_on, ended, killed, lost = map(int, re.search(r"(\d+) scenarios went on, (\d+) ended .* (\d+) were killed, (\d+) lost", said).groups())
    assert lost == 0 and went_on + ended > 100 and killed > 10, said


# A panic would be status 125.
@pytest.mark.parametrize("nth", range(1, 120) if LONG else [1, 10, 30, 50, 66])
def test_the_first_program_starts_or_the_kernel_says_why_not(nth):
    done = on_astrolabe(["/bin/true"], f"APPEND=failnth={nth}")
    said = done.stderr.decode(errors="replace")
    refused = done.returncode == 1 and "/bin/true cannot be started" in said
    killed = done.returncode == 128 + 9 and "out of memory" in said
    gave_up = done.returncode == 127 and b"Cannot allocate memory" in done.stdout  # the C library, in its own words
    assert done.returncode == 0 or refused or killed or gave_up, said
