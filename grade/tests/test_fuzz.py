"""Random system calls: whatever they return, the kernel lives on, and has its memory back in the end. See user/fuzz/main.cpp."""

import pytest

from grade.tests.conftest import LONG
from grade.tests.test_run_on_linux import on_astrolabe

# (seed, harts, calls a run): at least two runs each. Ten million calls in all under LONG=1.
RUNS = [(seed, (1, 2, 4, 8)[seed % 4], 100_000) for seed in range(1, 51)] if LONG else [(1, 1, 40_000), (2, 2, 40_000), (3, 4, 20_000)]


@pytest.mark.parametrize(("seed", "harts", "calls"), RUNS)
def test_random_calls_leave_nothing_behind(seed, harts, calls):
    done = on_astrolabe(["/bin/fuzz", "-m", "-n", str(calls), "-s", str(seed)], f"SMP={harts}", "TIMEOUT=1800")
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said + done.stderr.decode(errors="replace")[-4000:]
    assert said.startswith(f"seed {seed}\n") and " calls by " in said
