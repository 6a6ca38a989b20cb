"""The same tree has the same verdict, whatever the host does; and trouble of the host is never a student's zero."""

import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from grade.overlay import build, locked
from grade.probe import Lab, Run
from grade.proof import SEED
from grade.runner import pytest_command, pytest_environment
from grade.tests.conftest import LONG
from labs.catalog import ROOT, all_labs, find_lab

LABS = all_labs() if LONG else [find_lab("vmar")]
RUNS = 200 if LONG else 2  # of a whole lab
CHECK_RUNS = 200 if LONG else 20  # of one check, the last under load
LOADED_RUNS = 100 if LONG else 4
LONGEST = [("1-vmar", "random"), ("2-init-stack", "many"), ("3-heap", "brk-random")]  # the checks with the most steps
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


@contextmanager
def load():
    """As many processes that never rest as there are processors, and one more."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range((os.cpu_count() or 1) + 1)]
    try:
        yield
    finally:
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
def test_verdicts_are_the_same_to_the_byte_under_load(lab, reference, tmp_path):
    first = verdict(lab, reference, tmp_path / "results.json")
    assert first[0] == 0, first[1]
    with load():
        for _ in range(RUNS - 1):
            assert verdict(lab, reference, tmp_path / "results.json") == first


def looked_at(folder, name, output, tmp_path):
    """All that the machine showed to one check: its console, and each answer that the grader had from it."""
    path = next(path for path in (ROOT / "grade/checks" / folder / "hidden").glob("*.py") if f'"{name}"' in path.read_text())
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    check = next(each for each in vars(module).values() if marked(each) == name)
    seen, read = [], Run.bytes_at
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "bytes_at", lambda run, at, size: (seen.append((int(at), read(run, at, size))), seen[-1][1])[1])
        check(Lab(output, SEED, name, folder, keep=tmp_path / "console"))
    return hashlib.sha256(repr(seen).encode() + (tmp_path / "console").read_bytes()).hexdigest()


def marked(thing):
    """The name of a check."""
    return next((mark.kwargs.get("name") for mark in getattr(thing, "pytestmark", [])), "")


@pytest.mark.slow
def test_a_machine_shows_the_same_every_time(reference, tmp_path):
    """The check with the most steps of each lab, again and again, at the end under load: what is read of the guest's memory,
    and so the verdict, is the same to the byte."""
    def once():
        return [looked_at(folder, name, reference, tmp_path) for folder, name in LONGEST]

    first = once()
    assert all(once() == first for _ in range(CHECK_RUNS - LOADED_RUNS - 1))
    with load():
        assert all(once() == first for _ in range(LOADED_RUNS))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("bwrap"), reason="needs root, to make a full disk")
def test_a_full_disk_is_trouble_and_no_zero(reference, tmp_path):
    results = tmp_path / "results.json"
    command = pytest_command([find_lab("vmar")], reference, {"seed": SEED, "json": results, "check": "start"}, jobs="0")
    full = ["bwrap", "--dev-bind", "/", "/", "--size", str(SMALL), "--tmpfs", "/dev/shm"]
    done = subprocess.run([*full, *command], env=pytest_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "TROUBLE" in done.stdout and "this is not a verdict on the kernel" in done.stdout
    assert json.loads(results.read_text())["trouble"]
