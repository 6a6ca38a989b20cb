"""Threads change one address space while others look at it: each finds in its own pages what it put there, here and on Linux."""

import pytest

from grade.tests.conftest import LONG
from grade.tests.test_run_on_linux import on_astrolabe, on_linux

# (harts, threads, calls a thread, rounds). With more harts than the host has processors, who spins keeps others from running.
RUNS = [(harts, threads, calls, 20) for harts, calls in ((1, 3000), (2, 1000), (4, 60), (8, 20)) for threads in (2, 4, 8)]
RUNS = RUNS if LONG else [(1, 4, 800, 2), (2, 4, 150, 2), (4, 2, 10, 1)]


def words(threads, calls, rounds, seed):
    return ["/bin/vmrace", "-m", "-t", str(threads), "-c", str(calls), "-n", str(rounds), "-s", str(seed)]


@pytest.mark.parametrize(("harts", "threads", "calls", "rounds"), RUNS)
def test_threads_of_one_space_do_not_disturb_each_other(harts, threads, calls, rounds):
    done = on_astrolabe(words(threads, calls, rounds, seed=harts), f"SMP={harts}", "TIMEOUT=1800")
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said + done.stderr.decode(errors="replace")[-4000:]
    assert said == f"seed {harts}\n{rounds} rounds of {threads} threads\n"


def test_the_same_holds_on_linux():
    done = on_linux([word for word in words(4, 200, 2, seed=1) if word != "-m"])
    assert done.stdout.decode() == "seed 1\n2 rounds of 4 threads\n"
