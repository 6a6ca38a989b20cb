"""The same tree has the same verdict, whatever the host does; and trouble of the host is never a student's zero."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from grade.overlay import build, locked
from grade.proof import SEED, score
from grade.runner import pytest_command, pytest_environment
from grade.tests.conftest import FAST, LONG
from labs.catalog import POINTS_OF_A_LAB, ROOT, all_labs, find_lab

LABS = all_labs()
RUNS = 1 if FAST else 50 if LONG else 5  # of all labs: 20 runs of a lab, with LONG=1 200
SIDE_BY_SIDE = 4  # each is load to the others
SMALL = 12 << 20  # bytes: room for the kernel, none for the guest's memory


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The reference, built: a copy that nobody else builds in meanwhile."""
    folder = ROOT / "build" / "grade" / "reference"
    tree = tmp_path_factory.mktemp("reference") / "tree"
    with locked(folder):
        build(ROOT, LABS, folder)
        shutil.copytree(folder / "tree", tree, symlinks=True, ignore=shutil.ignore_patterns("*.o", "*.d", "*.gch"))
    return tree / "build"


@contextmanager
def load():
    """As many processes that never rest as there are processors."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def verdict(output, folder, number=0):
    """All that one run of every check of every lab says, but for how long it took; and what it was said for."""
    results, seen = folder / f"results-{number}.json", folder / f"seen-{number}"
    command = [*pytest_command(LABS, output, {"seed": SEED, "json": results}, jobs="0"), "-p", "grade.tests.witness"]
    done = subprocess.run(command, env=pytest_environment() | {"WITNESS": str(seen)}, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(results.read_text())
    for check in found["checks"]:
        del check["seconds"]
    return json.dumps(found, sort_keys=True) + "\n" + seen.read_text()


def test_the_reference_has_all_points_and_the_same_verdict_to_the_byte_under_load(reference, tmp_path):
    """What the grader read of the guest's memory, and what the guest printed, is the same to the byte as well."""
    first = verdict(reference, tmp_path)
    checks = json.loads(first.partition("\n")[0])["checks"]
    assert len(set(first.splitlines())) == 1 + len(checks) == 1 + sum(len(lab.checks | lab.hidden) for lab in LABS)
    assert [score({check["name"]: check for check in checks if check["lab"] == lab.folder}) for lab in LABS] == [
        POINTS_OF_A_LAB
    ] * len(LABS)
    with load(), ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for other in pool.map(partial(verdict, reference, tmp_path), range(1, RUNS)):
            assert other.splitlines() == first.splitlines()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("bwrap"), reason="needs root, to make a full disk")
def test_a_full_disk_is_trouble_and_no_zero(reference, tmp_path):
    results = tmp_path / "results.json"
    command = pytest_command([find_lab("vmar")], reference, {"seed": SEED, "json": results, "check": "start"}, jobs="0")
    full = ["bwrap", "--dev-bind", "/", "/", "--size", str(SMALL), "--tmpfs", "/dev/shm"]
    done = subprocess.run([*full, *command], env=pytest_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "TROUBLE" in done.stdout and "this is not a verdict on the kernel" in done.stdout
    assert json.loads(results.read_text())["trouble"]
