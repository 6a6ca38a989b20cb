"""make doctor and make setup, on machines that lack something."""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "grade/setup/setup.sh"
PLAIN_TOOLS = ["bash", "dirname", "env", "grep", "head", "id", "mkdir", "mv", "sed", "sort", "tail", "cat"]


@pytest.fixture
def machine(tmp_path):
    """A PATH with plain tools only; scripts can be added. Calls setup.sh there."""
    for name in PLAIN_TOOLS:
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")

    def call(*words, **scripts):
        for name, text in scripts.items():
            script = tmp_path / name.replace("__", "++").replace("_", "-")
            script.write_text(f"#!/bin/bash\n{text}\n")
            script.chmod(0o755)
        return subprocess.run([SETUP, *words], env={"PATH": str(tmp_path)}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)

    return call


def line_of(output, requirement):
    return next(line for line in output.splitlines() if line.split()[1] == requirement)


def test_doctor_names_what_is_missing_and_the_package_that_has_it(machine):
    done = machine("doctor", apt_get="exit 1")
    assert done.returncode == 1
    assert line_of(done.stdout, "qemu-system-riscv64").startswith("missing")
    assert line_of(done.stdout, "qemu-system-riscv64").endswith("make setup installs the package qemu-system-misc")


def test_doctor_names_an_old_version(machine):
    done = machine("doctor", apt_get="exit 1", qemu_system_riscv64="echo QEMU emulator version 6.2.0")
    assert line_of(done.stdout, "qemu-system-riscv64").startswith("old")
    assert "version 6.2.0 is too old" in done.stdout


def test_an_old_compiler_is_replaced_by_its_numbered_package(machine):
    old = "echo 11.4.0"
    assert "install g++-12 (Ubuntu 22.04 has it)" in machine("doctor", apt_get="exit 1", g__=old).stdout
    done = machine("install", apt_get='[[ $1 == -qq && $2 == update ]] || { echo "$@" >&2; exit 1; }', g__=old)
    assert re.search(r"install .* g\+\+-12 g\+\+-riscv64-linux-gnu ", done.stderr)


def test_setup_says_which_packages_could_not_be_installed(machine):
    done = machine("install", apt_get="[[ $* == *update ]]")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("setup: apt-get could not install git ")


def test_one_installs_at_a_time(machine, tmp_path):
    (tmp_path / "flock").symlink_to(shutil.which("flock"))
    apt = """mkdir "${0%/*}/busy" || { echo "two at once" >&2; exit 1; }
/usr/bin/sleep 0.3
/usr/bin/rmdir "${0%/*}/busy"
[[ $* == *update ]]"""
    with ThreadPoolExecutor() as pool:
        (tmp_path / "apt-get").write_text(f"#!/bin/bash\n{apt}\n")
        (tmp_path / "apt-get").chmod(0o755)
        ends = [end.result() for end in [pool.submit(machine, "install") for _ in range(2)]]
    assert all(end.returncode == 1 and "two at once" not in end.stderr for end in ends)


def test_without_a_package_manager_setup_points_to_the_container(machine):
    done = machine("install")
    assert done.returncode == 1
    assert "no apt, dnf or pacman here: use the container in .devcontainer" in done.stderr


def test_what_a_package_manager_lacks_is_named(machine):
    done = machine("install", dnf="exit 0")
    assert done.returncode == 1
    assert "no dnf package for riscv64-linux-gnu-g++" in done.stderr


def test_record_writes_what_was_found(tmp_path):
    subprocess.run([SETUP, "record", tmp_path / "found.mk"], env=dict(os.environ), check=True)
    text = (tmp_path / "found.mk").read_text()
    for name in ("HOST_CXX", "CROSS_CXX", "GDB", "PYTHON"):
        assert re.search(rf"^{name} \?= \S+$", text, re.MULTILINE)


def test_what_only_one_command_needs_is_installed_for_that_command(machine):
    apt = '[[ $* == *update ]] || { echo "$@" >&2; exit 1; }'
    assert "graphviz" not in machine("install", apt_get=apt).stderr
    assert re.search(r"install .* graphviz$", machine("install", "docs", apt_get=apt).stderr, re.MULTILINE)
    line = line_of(machine("doctor", apt_get="exit 1").stdout, "chromium")
    assert line.startswith("missing") and line.endswith("make test installs the package chromium")


def test_every_requirement_is_documented():
    text = (ROOT / "docs/dependencies.md").read_text()
    for line in (ROOT / "grade/setup/requirements.txt").read_text().splitlines():
        if line.strip() and not line.startswith(("#", "[")):
            assert f"| `{line.split('|')[2].strip()}` |" in text
