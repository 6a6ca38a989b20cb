"""Too many processes and threads: the kernel says no, lives on, and has everything back afterwards."""

import subprocess

import pytest

from grade.tests.test_smp import ROOT, run


@pytest.mark.parametrize("harts", [1, 2])
def test_a_bomb_leaves_nothing_behind(tmp_path, harts):
    (tmp_path / "bin").mkdir()
    subprocess.run(["riscv64-linux-gnu-gcc", "-O1", "-static", "-pthread", "-o", tmp_path / "bin/bomb",
                    ROOT / "grade/tests/programs/bomb.c"], check=True)
    lines = run("/bin/bomb", f"SMP={harts}", f"ROOT={tmp_path}").splitlines()
    assert lines[1:] == ["processes: refused, many, all is free", "threads: refused, many, all is free"]
