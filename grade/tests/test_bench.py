"""What the main operations cost, against the stored figures: they count instructions, so nothing here depends on the host's speed."""

import shutil
import subprocess
import tomllib

import pytest

from grade.bench import page
from grade.bench.__main__ import CLOCK, compare, dearer, load_rows, parse, run
from grade.tests.conftest import plain_environment
from grade.tests.test_run_on_linux import ROOT

ROWS = ["getppid", "map-unmap", "map-touch-unmap", "write-fault", "read-fault", "protect-flip", "signal", "brk-touch", "fork", "fork-exec",
        "cow-owner", "pipe-round-trip", "pread-4096", "open-close"]


@pytest.mark.slow
def test_no_operation_became_dearer(tmp_path):
    kernel = ROOT / "build/bench/kernel.elf"
    done = subprocess.run(["make", "-s", "BUILD=build/bench", "RELEASE=1", "build/bench/kernel.elf"], cwd=ROOT, env=plain_environment(),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.copy(kernel, tmp_path)
    shutil.copy(ROOT / "build/initramfs.cpio", tmp_path)
    figures = parse(run(tmp_path, ["/bin/bench", *ROWS], icount=True))
    assert figures.keys() == set(ROWS)
    print(figures)
    late = dearer(load_rows(), figures)
    assert not late, f"more than 5 % dearer than stored (stored, now): {late}; when that is right: make bench UPDATE=1"


def test_what_is_dearer_is_named():
    rows = {"cheap": {"ours": 100}, "dear": {"ours": 100}}
    assert dearer(rows, {"cheap": 105, "dear": 106}) == {"dear": (100, 106)}


def test_a_disturbed_run_changes_nothing():
    calm = {"left": 140.0, "right": 100.0, "ratio": 1.4}
    found = compare([(0.14, 0.5), (0.15, 0.1), (0.9, 0.12)])
    assert calm.items() <= found.items() and (found["median_left"], found["median_right"], found["runs"]) == (150.0, 120.0, 3)


def test_the_page_shows_what_is_stored():
    assert page.PAGE.read_text() == page.text(load_rows(), tomllib.loads(CLOCK.read_text()))
