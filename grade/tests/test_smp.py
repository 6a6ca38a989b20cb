"""The kernel on several harts: what programs see does not depend on how many there are."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


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
    subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-static", "-o", folder / "bin/harts", source], check=True)
    return folder


@pytest.mark.parametrize("program", ["usertests", "proctests"])
def test_the_output_is_the_same_on_each_number_of_harts(program):
    outputs = {harts: run(f"/bin/{program}", f"SMP={harts}") for harts in (1, 2, 4)}
    assert outputs[2] == outputs[1]
    assert outputs[4] == outputs[1]


PARTS = ["forks", "execs", "pipes", "floats", "signals"]


@pytest.mark.parametrize("harts", [1, 2, 4, 8])
def test_processes_on_all_harts_at_once(root, harts):
    assert run(f"/bin/harts 10 {' '.join(PARTS)}", f"SMP={harts}", f"ROOT={root}") == "".join(f"{part} ok\n" for part in PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("harts", [2, 3, 4, 8])
def test_processes_on_all_harts_for_long(root, harts):
    run(f"/bin/harts 400 {' '.join(PARTS)}", f"SMP={harts}", f"ROOT={root}")
