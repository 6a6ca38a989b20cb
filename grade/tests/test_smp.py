"""The kernel on several harts: what programs see does not depend on how many there are."""

import re
import subprocess
from pathlib import Path

import pytest

from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = plain_environment()


def run(command, *words):
    done = subprocess.run(["make", "-s", "run", f"CMD={command}", "TIMEOUT=240", *words], cwd=ROOT, env=ENVIRONMENT,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with /bin/harts."""
    folder = tmp_path_factory.mktemp("harts")
    (folder / "bin").mkdir()
    source = ROOT / "grade/tests/programs/harts.c"
    subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-static", "-pthread", "-o", folder / "bin/harts", source], check=True)
    return folder


@pytest.mark.parametrize("harts", [2, pytest.param(4, marks=pytest.mark.slow), pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("program", ["usertests"])
def test_the_output_is_that_of_one_hart(program, harts):
    assert run(f"/bin/{program}", f"SMP={harts}") == run(f"/bin/{program}", "SMP=1")


PARTS = ["forks", "execs", "pipes", "floats", "signals"]


@pytest.mark.parametrize("harts", [1, 2, 4, 8])
def test_processes_on_all_harts_at_once(root, harts):
    assert run(f"/bin/harts 10 {' '.join(PARTS)}", f"SMP={harts}", f"ROOT={root}") == "".join(f"{part} ok\n" for part in PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("harts", [2, 3, 4, 8])
def test_processes_on_all_harts_for_long(root, harts):
    run(f"/bin/harts 400 {' '.join(PARTS)}", f"SMP={harts}", f"ROOT={root}")


# A flush that reaches other harts takes long on a machine with fewer processors than harts, because all of them must run for it.
@pytest.mark.parametrize(("harts", "rounds"), [(1, 5), (2, 5), pytest.param(4, 20, marks=pytest.mark.slow)])
def test_threads_on_several_harts_see_one_address_space(root, harts, rounds):
    done = run(f"/bin/harts {rounds} replaces snapshots", f"SMP={harts}", f"ROOT={root}")
    assert done == "replaces ok\nsnapshots ok\n"


def self_test(*words):
    return subprocess.run(["make", "-s", "test-kernel", *words], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False, text=True)


@pytest.mark.parametrize("harts", [2, 4])
def test_the_kernel_tests_itself_on_several_harts(harts):
    done = self_test(f"SMP={harts}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("name", "cause"), [
    ("stall", r"panic: hart \d has waited \d+ s for a lock of rank vmo; the harts that hold it, a bit each: 0x[124]\n"),
    ("sleep", r"panic: .*held_locks"),
    ("order", r"panic: lock order: a lock of rank vmar is taken under one of rank vmo"),
    ("overflow", r"panic: kernel stack overflow at 0x"),
])
def test_a_panic_stops_all_harts_and_says_where_they_stood(name, cause):
    done = self_test("SMP=3", f"APPEND=selftest={name}")
    assert re.search(cause, done.stdout), done.stdout
    assert done.returncode != 0 and "Error 125" in done.stderr
    assert len(re.findall(r"^hart \d was:\n  \w+ .+\+0x", done.stdout, re.MULTILINE)) == 2
    assert ("hold_for_ever" in done.stdout) == (name == "stall")
    assert done.stdout.count("panic:") == 1
