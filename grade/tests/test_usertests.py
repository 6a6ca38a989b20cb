"""usertests in other orders and on several harts: nothing depends on either, and the memory is there again in the end."""

import subprocess

import pytest

from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT, on_astrolabe, on_linux

RUNS = [(seed, (1, 2, 4, 8)[seed % 4]) for seed in range(1, 161)] if LONG else [(1, 2), (2, 4)]  # LONG: about half an hour


def usertests(*words, harts):
    done = on_astrolabe(["/bin/usertests", *words], f"SMP={harts}", "TIMEOUT=1800")
    failed = [line for line in done.stdout.decode().splitlines() if not line.startswith("ok ")]
    assert done.returncode == 0, "\n".join(failed) + done.stderr.decode(errors="replace")[-4000:]


@pytest.mark.parametrize(("seed", "harts"), RUNS)
def test_any_order_will_do(seed, harts):
    usertests("-s", str(seed), harts=harts)


def test_the_memory_is_free_again():
    usertests("-m", harts=1)


def test_there_are_enough():
    names = on_astrolabe(["/bin/usertests", "-l"]).stdout.decode().split()
    assert len(names) == len(set(names)) >= 150


def test_the_terminal_is_one_when_a_person_could_be_there():
    """make qemu has the console as a terminal; make run has it as a plain channel."""
    done = subprocess.run(["make", "-s", "qemu", "CMD=/bin/usertests terminal."], cwd=ROOT, env=plain_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    ours = [line for line in lines if line.startswith(("ok   terminal.", "FAIL", "     terminal")) or " passed, " in line]
    assert ours == on_linux(["/bin/usertests", "terminal."]).stdout.decode().splitlines()
    assert ours[-1].endswith(" passed, 0 failed") and len(ours) > 5
