"""What the main operations cost, against the stored figures: they count instructions, so nothing here depends on the host's speed."""

import shutil
import subprocess

import pytest

from grade.bench.__main__ import dearer, load_rows, parse, run
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
