"""A kernel built with SAN=1 looks at its own loads, stores and arithmetic (grade/kernel/san), and finds nothing but what is planted."""

import shutil
import subprocess
import sys

import pytest

from grade.overlay import locked
from grade.runner import run_checks
from grade.tests.conftest import LONG, plain_environment
from grade.tests.test_run_on_linux import ROOT
from labs.catalog import all_labs

pytestmark = pytest.mark.slow
PLANTED = {"freed": "KASAN: load of 8 bytes at ", "behind": "KASAN: store of 1 bytes at ", "frame": "in a frame that was freed",
           "shift": "UBSan: shift by too much at grade/kernel/selftest.cpp:"}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """The folder of a sanitized kernel beside the root file system of any other."""
    with locked(ROOT / "build/san"):  # each worker of the tests comes here
        done = subprocess.run(["make", "-s", "SAN=1", "build/san/kernel.elf"], cwd=ROOT, env=plain_environment(), capture_output=True,
                              text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("san")
    shutil.copy(ROOT / "build/san/kernel.elf", folder)
    shutil.copy(ROOT / "build/initramfs.cpio", folder)
    (folder / "user").symlink_to(ROOT / "build/user")
    return folder


def boot(build, mode, *options):
    return subprocess.run([sys.executable, "-m", "grade.run", mode, f"--build={build}", "--timeout=1800", *options], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)


def test_what_is_planted_is_found(build):
    for name, report in PLANTED.items():
        done = boot(build, "selftest", f"--append=selftest={name}")
        assert done.returncode == 125 and report in done.stdout, done.stdout + done.stderr


def test_selftests_pass(build):
    done = boot(build, "selftest", "--smp=2")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["/bin/usertests", "/bin/vmrandom 1-20", "/bin/vmrace -n 4", "/bin/fuzz -n 100000"] if LONG
                         else ["/bin/usertests memory space heap threads files", "/bin/vmrandom 1-3 300"])
@pytest.mark.parametrize("harts", [1, 2] if LONG else [1])
def test_programs_run_clean(build, command, harts):
    done = boot(build, "run", f"--command={command}", f"--smp={harts}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]


@pytest.mark.parametrize("lab", [lab for lab in all_labs() if not lab.kernel and (LONG or lab.name == "heap")], ids=lambda lab: lab.name)
def test_the_checks_of_a_lab_run_clean(build, lab, tmp_path):
    """The reference has all points, on a machine that a report would have ended."""
    status, results, told = run_checks(lab, build, {"seed": 7, "shrink": "no", "patience": 50}, tmp_path / "results.json")
    assert status == 0 and not results["trouble"], told
