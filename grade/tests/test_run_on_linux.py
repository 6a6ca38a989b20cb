"""Programs do on Astrolabe what they do on Linux: same output, same status."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from grade import debian
from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
NO_KERNEL = 77


def on_linux(words, root="build/user/root"):
    done = subprocess.run(["grade/run-on-linux", "--sv39", root, "--", *words], cwd=ROOT, capture_output=True, check=False)
    if done.returncode == NO_KERNEL:
        pytest.skip(done.stderr.decode().strip())
    return done


def on_astrolabe(words, *options):
    """Through the front door; what make itself returns is the program's status."""
    return subprocess.run(["make", "-s", "run", f"CMD={shlex.join(words)}", *options], cwd=ROOT, env=plain_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)


@pytest.mark.parametrize("command", [
    "/bin/auxprobe one 'two words' ''",
    "/bin/hello a 'b c'",
    "/bin/sh -c 'echo hi; false; echo $?; exit 7'",
    "/bin/cat /etc/motd",
    "/bin/ls /bin /etc",
    "/bin/usertests",
])
def test_a_program_does_what_it_does_on_linux(command):
    words = shlex.split(command)
    linux, astrolabe = on_linux(words), on_astrolabe(words)
    assert astrolabe.stdout.decode() == linux.stdout.decode(), astrolabe.stderr.decode()
    assert astrolabe.returncode == linux.returncode


@pytest.mark.parametrize("program", ["/bin/auxprobe", "/bin/usertests"])
def test_what_our_tests_say_holds_on_linux(program):
    linux = on_linux([program])
    assert linux.returncode == 0, linux.stdout.decode()


def test_bytes_from_linux_are_exact(tmp_path):
    data = bytes(range(256)) + b"\r\n\x1e\x1f\n"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/cat").write_bytes((ROOT / "build/user/root/bin/cat").read_bytes())
    (tmp_path / "bin/cat").chmod(0o755)
    (tmp_path / "data").write_bytes(data)
    assert on_linux(["/bin/cat", "/data"], str(tmp_path)).stdout == data


def test_no_mirror_has_a_status_of_its_own(tmp_path):
    """An empty cache, and no apt on PATH to fill it with."""
    for program in ("python3", "env", "bash"):
        os.symlink(f"/usr/bin/{program}", tmp_path / program)
    environment = {"PATH": str(tmp_path), "LINUX_REF_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(["grade/run-on-linux", "--", "/bin/true"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == NO_KERNEL
    assert done.stderr == "run-on-linux: no Linux kernel to run on: apt-get is not installed here\n"


def test_a_suite_whose_index_does_not_fit_gives_way_to_the_next(tmp_path, monkeypatch, capsys):
    """As while a mirror is brought up to date: apt refuses what is not as the archive's signature says."""
    apt = tmp_path / "bin/apt-get"
    apt.parent.mkdir()
    apt.write_text("#!/bin/sh\ngrep -q stable sources.list || { echo 'E: unexpected size' >&2; exit 100; }\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(apt.parent), prepend=":")
    monkeypatch.setattr(debian, "CACHE", tmp_path)
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror.invalid/debian")
    with debian.archive("nothing") as archive:
        assert " stable main\n" in (archive.directory / "sources.list").read_text()
    assert "apt-get -qq update: E: unexpected size; trying the next suite" in capsys.readouterr().err
    monkeypatch.setattr(debian, "SUITES", ("trixie",))
    with pytest.raises(debian.NoPackages, match="unexpected size"), debian.archive("nothing"):
        pass
