"""Debian's programs, unmodified, do on Astrolabe what they do on Linux: same output, same status. Without a Debian mirror every
test here is skipped."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "grade/tests/distro"
NOT_HERE = 77
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def run_here(command):
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == NOT_HERE:
        pytest.skip(done.stderr.decode().strip())
    return done


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A root file system of Debian's programs alone, for Linux, with the scripts in /t."""
    root = tmp_path_factory.mktemp("debian") / "root"
    made = run_here(["grade/distro", str(root)])
    assert made.returncode == 0, made.stderr.decode()
    shutil.copytree(SCRIPTS, root / "t")
    return root


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """What is laid over Debian's programs on Astrolabe."""
    directory = tmp_path_factory.mktemp("scripts")
    shutil.copytree(SCRIPTS, directory / "t")
    return directory


def on_astrolabe(words, scripts, *options):
    return run_here(["make", "-s", "distro", f"CMD={shlex.join(words)}", f"ROOT={scripts}", *options])


def same_on_both(words, debian, scripts, *options):
    linux = run_here(["grade/run-on-linux", "--sv39", str(debian), "--", *words])
    assert linux.returncode < 124, linux.stderr.decode()
    astrolabe = on_astrolabe(words, scripts, *options)
    assert astrolabe.stdout.decode() == linux.stdout.decode(), astrolabe.stderr.decode()
    assert astrolabe.returncode == linux.returncode


@pytest.mark.parametrize("script", ["shell", "text", "files"])
def test_busybox(script, debian, scripts):
    same_on_both(["/bin/sh", f"/t/{script}.sh"], debian, scripts)


def without_addresses(output):
    """Where the loader puts a library is the kernel's choice."""
    return re.sub(r" \(0x[0-9a-f]+\)", "", output.decode())


@pytest.mark.parametrize("words", [
    "/lib/ld-linux-riscv64-lp64d.so.1 /usr/bin/lua5.4 -e 'print(1)'",
    "/lib/ld-linux-riscv64-lp64d.so.1 --list /usr/bin/sqlite3",
    "/lib/ld-linux-riscv64-lp64d.so.1 /nowhere",
    "/usr/bin/lua5.4 -e 'error(\"no\")'",
    "/usr/bin/sqlite3 /nowhere/base.db 'select 1'",
])
def test_the_loader(words, debian, scripts):
    words = shlex.split(words)
    linux = run_here(["grade/run-on-linux", "--sv39", str(debian), "--", *words])
    astrolabe = on_astrolabe(words, scripts)
    assert without_addresses(astrolabe.stdout) == without_addresses(linux.stdout)
    assert astrolabe.returncode == linux.returncode
