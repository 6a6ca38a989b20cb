"""Forgers: submissions that only pretend, or attack what judges them. None has more points than the skeleton, none learns what
a hidden check looks like, none outlives its limit, and of each the result says what happened.

    title      what it tries
    lab        on which lab
    reported   a pattern that the result must show: in its notes, its reason or the report of a check
    host_tests true: its host tests are run as well
    checks     which checks it is judged by; all when absent (most of them cost as much as an honest submission does)
    honest     holes that it has as the reference does, to come as far as what it forges; `checks` are then only of the others
    [holes]    code for some holes of a skeleton; PROBE_STEPS is where the probe, as it is linked, keeps its steps
    [files]    files of the submission beside the skeleton's, or in place of them; ROOT stands for the grader's tree
"""

import os
import queue
import re
import subprocess
import tempfile
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from grade.challenge import Challenge
from grade.gradebook.__main__ import prepare
from grade.gradebook.table import points
from grade.gradebook.work import GRADED, NOT_BUILT, work
from grade.overlay import BuildFailed, clean_files, make
from grade.machine.elf import Elf
from grade.machine.sandbox import confine, have_bubblewrap
from grade.machine.tasks import TaskLimit, task_limit
from grade.machine.watch import Bounds, OutOfBounds, below, watched
from grade.proof import SEED
from grade.skeleton import skeleton
from labs.catalog import ROOT, all_labs, find_lab

FORGERS = sorted((Path(__file__).parent / "forgers").glob("*.toml"))
INCLUDES = '#pragma GCC diagnostic ignored "-Wunused-function"\n#include "arch/contract.h"\n#include "base/print.h"\n'
SECONDS = 300  # far more than any of them may take, on any machine
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


def write_submission(folder, table):
    """The folder that the forger hands in."""
    lab = find_lab(table["lab"])
    files = skeleton(lab, table.get("holes", {}), table.get("honest", []))
    texts = {name: files[name][0].decode() for name in lab.files}
    if "holes" in table:
        texts = {name: INCLUDES * name.startswith("kern/") + text for name, text in texts.items()}
    texts |= {name: text.replace("ROOT", str(ROOT)) for name, text in table.get("files", {}).items()}
    if "PROBE_STEPS" in "".join(texts.values()):
        probe = Elf(ROOT / "build" / "user" / "lab" / "probe")
        steps = probe.symbols["challenge"] + Challenge().packed_size()
        texts = {name: text.replace("PROBE_STEPS", hex(steps)) for name, text in texts.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def secrets(lab):
    """Lines that only the lab's hidden checks have."""
    hidden = (ROOT / "grade" / "checks" / lab.folder / "hidden").glob("*.py")
    lines = {line.strip() for path in hidden for line in path.read_text().splitlines() if len(line.strip()) >= 24}
    public = "\n".join(path.read_text() for path in (ROOT / "grade" / "checks" / lab.folder).glob("*.py"))
    return {line for line in lines if line not in public}


@pytest.mark.slow
@pytest.mark.parametrize("path", FORGERS, ids=lambda path: path.stem)
def test_a_forger_wins_nothing(path, tmp_path):
    table = tomllib.loads(path.read_text())
    lab = find_lab(table["lab"])
    write_submission(tmp_path / "forger", table)
    task = prepare(lab, tmp_path / "out", SEED, jobs=1, host_tests=table.get("host_tests", False))
    own = queue.SimpleQueue()
    own.put(ROOT / "build" / "grade" / "batch" / lab.folder / WORKER)
    started = time.monotonic()
    result = work(replace(task, workspaces=own, check=",".join(table.get("checks", []))), "forger", tmp_path / "forger")
    assert time.monotonic() - started < SECONDS
    assert result["state"] in (GRADED, NOT_BUILT), result["why"]
    assert points(result) <= lab.baseline and not (ROOT / "build/forged").exists()
    report = (tmp_path / "out" / "reports" / "forger.txt").read_text()
    told = report + (tmp_path / "out" / "results" / "forger.json").read_text()
    assert not [line for line in secrets(lab) if line in re.sub(r'"title": "[^"]*"', "", told)]
    assert re.search(table["reported"], report), report


def test_there_is_something_secret_to_find():
    assert all(len(secrets(lab)) > 10 for lab in all_labs() if lab.hidden)
    assert len(FORGERS) >= 8 and clean_files(ROOT)


@pytest.mark.parametrize("words, status, told", [
    ((), 2, "error: bubblewrap does not work here: while it is built, a submission could read this tree's hidden checks"),
    (("--unconfined",), 0, "warning: bubblewrap does not work here; only resource limits confine the work under test"),
])
def test_without_bubblewrap_no_stranger_s_work_is_built_unless_it_is_said(tmp_path, words, status, told):
    broken, folder = tmp_path / "path", tmp_path / "class"
    broken.mkdir()
    (broken / "bwrap").write_text("#!/bin/sh\nexit 1\n")
    (broken / "bwrap").chmod(0o755)
    thief = next(path for path in FORGERS if path.stem == "takes-in-hidden-checks")
    write_submission(folder / "thief", tomllib.loads(thief.read_text()))
    if words:  # nothing to build
        (folder / "thief" / find_lab("vmar").files[0]).write_bytes(b"x" * (2 << 20))
    command = [ROOT / "grade" / "batch", folder, "--lab", "vmar", "--jobs", "1", "--out", tmp_path / "out", *words]
    path = f"{broken}:{os.environ['PATH']}"
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": path}, check=False)
    assert (done.returncode, told in done.stderr) == (status, True), done.stdout + done.stderr
    assert (tmp_path / "out" / "results" / "thief.json").exists() == (status == 0)


# ATTACKS ON THE BUILD ITSELF, as if a Makefile of theirs were ever run


def left_over(mark):
    """Processes that have this in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark.encode() in (entry / "cmdline").read_bytes():
                found.append(entry.name)
        except OSError:
            pass
    return [pid for pid in found if int(pid) != os.getpid()]


BOMB = "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.01)\n"
EATER = "import time\nkept = [bytearray(b'x' * (4 << 20)) for _ in range(40)]\ntime.sleep(100)\n"


@pytest.mark.skipif(not have_bubblewrap(), reason="without bubblewrap, only children are counted and ended")
@pytest.mark.parametrize("program, bounds, told", [
    (BOMB, Bounds(seconds=60, processes=40), "it ran more than 40 processes at once"),
    (EATER, Bounds(seconds=60, memory=64 << 20), "it took more than 64 MiB of memory"),
    ("import time; time.sleep(100)\n", Bounds(seconds=1), "it took longer than 1 s"),
])
def test_a_build_that_takes_too_much_is_ended_with_all_it_started(tmp_path, program, bounds, told):
    mark = f"forger-{tmp_path.name}.py"
    (tmp_path / mark).write_text(program)
    (tmp_path / "Makefile").write_text(f"all:\n\t@/usr/bin/python3 {mark}\n")
    with pytest.raises(BuildFailed, match=f"the build was ended: {told}"):
        make(tmp_path, ["all"], bounds=bounds)
    end = time.monotonic() + 30
    while left_over(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left_over(mark)


FORKER = """
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    int made = 0;
    while (made < 1000) {
        pid_t child = fork();
        if (child < 0)
            break;
        if (child == 0)
            for (;;)
                pause();
        made++;
    }
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGTERM);
    printf("%d", made);
}
"""
NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("user", [0, NOBODY])
def test_a_loop_that_forks_is_stopped_by_the_hosts_kernel(user, monkeypatch):
    """A thousand processes take some milliseconds: whoever only counts is too late."""
    if user == NOBODY:
        monkeypatch.setattr("os.geteuid", lambda: NOBODY)
        monkeypatch.setattr("os.getuid", lambda: NOBODY)
    with tempfile.TemporaryDirectory() as folder, task_limit(20) as limit:
        if user == 0 and not limit.group:
            pytest.skip("no control group can be made here")
        source, program = Path(folder, "forker.c"), Path(folder, "forker")
        source.write_text(FORKER)
        os.chmod(folder, 0o755)
        subprocess.run(["gcc", "-o", program, source], check=True)

        def become():
            os.setuid(user)
            limit.join()

        done = subprocess.run(program, capture_output=True, timeout=60, preexec_fn=become, start_new_session=True, check=True)
    assert 0 < int(done.stdout) < 20
    assert not limit.group or not limit.group.exists()


@pytest.mark.skipif(not have_bubblewrap(), reason="without bubblewrap, only children are counted and ended")
def test_where_no_limit_can_be_set_a_loop_that_forks_leaves_the_watch_a_processor(tmp_path, monkeypatch):
    with task_limit(2000) as others:  # so that this test cannot fill the machine itself
        if not others.group:
            pytest.skip("no control group can be made here")
        monkeypatch.setattr("grade.machine.tasks.GROUPS", ())
        alone = TaskLimit.join
        monkeypatch.setattr(TaskLimit, "join", lambda limit: (alone(others), alone(limit)))
        with pytest.raises(OutOfBounds, match="more than 40 processes"):
            watched(confine(["/usr/bin/python3", "-c", BOMB]), tmp_path / "log", Bounds(seconds=60, processes=40))


def test_a_host_suite_that_ends_well_before_its_tests_has_failed(tmp_path):
    source, program = tmp_path / "early.cpp", tmp_path / "1-vmar"
    source.write_text("#include <unistd.h>\n__attribute__((constructor)) static void early() { _exit(0); }\nint main() {}\n")
    subprocess.run(["g++", "-o", program, source], check=True)
    done = subprocess.run([ROOT / "grade" / "unit" / "run", "", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "1-vmar ended well before its tests did" in done.stdout
    assert "unit: 0 passed, 1 failed" in done.stdout


def test_endless_output_ends_at_the_size_of_a_file(tmp_path):
    log = tmp_path / "log"
    try:
        assert watched(["yes"], log, Bounds(seconds=60, file=1 << 20)) != 0
    except OutOfBounds as passed:
        pytest.fail(str(passed))
    assert log.stat().st_size <= 1 << 20


def test_processes_are_counted_with_what_they_started():
    assert os.getpid() in below(os.getpid()) and os.getpid() not in below(2**30)
