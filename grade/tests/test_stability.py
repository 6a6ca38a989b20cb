"""The same tree has the same verdict, whatever the host does; and trouble of the host is never a student's zero."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from grade.overlay import build, locked
from grade.proof import SEED
from grade.runner import pytest_command, pytest_environment
from grade.tests.conftest import LONG
from labs.catalog import ROOT, all_labs, find_lab

LABS = all_labs() if LONG else [find_lab("vmar")]
RUNS = 200 if LONG else 3
SMALL = 12 << 20  # bytes: room for the kernel, none for the guest's memory


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The reference, built: a copy that nobody else builds in meanwhile."""
    folder = ROOT / "build" / "grade" / "reference"
    out = tmp_path_factory.mktemp("reference") / "build"
    with locked(folder):
        output, _ = build(ROOT, all_labs(), folder)
        (out / "user").mkdir(parents=True)
        shutil.copy(output / "kernel.elf", out)
        shutil.copytree(output / "user" / "lab", out / "user" / "lab")
    return out


@pytest.fixture
def load():
    """As many processes that never rest as there are processors, and one more."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range((os.cpu_count() or 1) + 1)]
    yield
    for process in busy:
        process.kill()
        process.wait()


def verdict(lab, output, results):
    """All that one run says, but for how long it took."""
    command = pytest_command([lab], output, {"seed": SEED, "json": results})
    done = subprocess.run(command, env=pytest_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    found = json.loads(results.read_text())
    for check in found["checks"]:
        del check["seconds"]
    return done.returncode, json.dumps(found, sort_keys=True)


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.folder)
def test_verdicts_are_the_same_to_the_byte_under_load(lab, reference, load, tmp_path):
    first = verdict(lab, reference, tmp_path / "results.json")
    assert first[0] == 0, first[1]
    for _ in range(RUNS - 1):
        assert verdict(lab, reference, tmp_path / "results.json") == first


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("bwrap"), reason="needs root, to make a full disk")
def test_a_full_disk_is_trouble_and_no_zero(reference, tmp_path):
    results = tmp_path / "results.json"
    command = pytest_command([find_lab("vmar")], reference, {"seed": SEED, "json": results, "check": "start"}, jobs="0")
    full = ["bwrap", "--dev-bind", "/", "/", "--size", str(SMALL), "--tmpfs", "/dev/shm"]
    done = subprocess.run([*full, *command], env=pytest_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "TROUBLE" in done.stdout and "this is not a verdict on the kernel" in done.stdout
    assert json.loads(results.read_text())["trouble"]
