"""The commands of the front door, on the real kernel, as a person calls them."""

import re
import subprocess
from pathlib import Path

import pexpect
import pytest

from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["setup", "doctor", "qemu", "run", "gdb", "grade", "unit", "test", "handout", "submit"]
# Without what an outer make would pass on.
ENVIRONMENT = plain_environment()


def make(*words, **options):
    options = {"stdin": subprocess.DEVNULL} | options
    return subprocess.run(["make", *words], cwd=ROOT, env=ENVIRONMENT, capture_output=True, check=False, **options)


def run(command, *words):
    return make("run", f"CMD={command}", *words)


@pytest.fixture
def program(tmp_path):
    """Builds a program without a library from the body of its _start; returns the folder that holds it as /bin/prog."""

    def build(body):
        (tmp_path / "bin").mkdir()
        source = tmp_path / "prog.S"
        source.write_text(f".globl _start\n_start:\n{body}\n")
        subprocess.run(["riscv64-linux-gnu-gcc", "-static", "-nostdlib", "-o", tmp_path / "bin/prog", source], check=True)
        source.unlink()
        return tmp_path

    return build


@pytest.mark.parametrize("words", [[], ["help"]])
def test_make_alone_lists_the_commands(words):
    done = make(*words)
    assert done.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^  make {command}\b", done.stdout.decode(), re.MULTILINE)


@pytest.mark.parametrize("status", [0, 1, 7, 124, 255])
def test_run_returns_the_programs_status(status):
    done = run(f"/bin/sh -c 'exit {status}'")
    assert (done.returncode, done.stdout) == (status, b"")


def test_run_gives_the_output_exactly(tmp_path):
    data = bytes(range(256)) + b"\r\n\x1e\x1f\n"
    (tmp_path / "data").write_bytes(data)
    done = run("/bin/cat /data", f"ROOT={tmp_path}")
    assert (done.returncode, done.stdout) == (0, data)


def test_root_is_laid_over_what_is_there(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/motd").write_text("mine\n")
    done = run("/bin/sh -c 'cat /etc/motd; ls /etc'", f"ROOT={tmp_path}")
    assert (done.returncode, done.stdout) == (0, b"mine\nmotd\n")


def test_a_killed_program_returns_its_signal_and_says_why(program):
    done = run("/bin/prog", f"ROOT={program('li t0, 16; sd zero, 0(t0)')}")
    assert (done.returncode, done.stdout) == (128 + 11, b"")
    assert re.search(rb"killed by SIGSEGV: write to 0x10 ", done.stderr)


def test_a_program_that_never_ends_is_stopped(program):
    done = run("/bin/prog", f"ROOT={program('j _start')}", "TIMEOUT=2")
    assert done.returncode == 124
    assert b"the program had not ended after 2 s" in done.stderr


def test_a_missing_program_is_named():
    done = run("/bin/nope")
    assert done.returncode not in (0, 124, 125)
    assert b"/bin/nope" in done.stderr


def test_a_file_that_is_no_program_is_named(tmp_path):
    (tmp_path / "note").write_bytes(b"\x7fELF, but no more than that")
    (tmp_path / "note").chmod(0o755)
    done = run("/note", f"ROOT={tmp_path}")
    assert done.returncode not in (0, 124, 125)
    assert b"/note" in done.stderr


@pytest.mark.parametrize("words", [["ICOUNT=1"], ["MEM=64M"], ["APPEND=norandmaps seed=7"], ["V=1"]])
def test_run_takes_its_options(words):
    done = run("/bin/echo done", *words)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, [b"done"])


def test_the_shell_talks_to_a_person():
    child = pexpect.spawn("make", ["qemu"], cwd=str(ROOT), env=ENVIRONMENT, timeout=60)
    for typed, answer in [("hello a 'b c'", r'argv\[2\] = "b c"'), ("false", r"\[exit 1\]"), ("echo status $?", "status 1"),
                          ("cd /etc; ls", "motd"), ("nosuch", "sh: nosuch: not found"), ("echo )", "sh: unexpected \\)")]:
        child.expect(r"\$ ")
        child.sendline(typed)
        child.expect(answer)
    child.expect(r"\$ ")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_gdb_stops_at_the_kernels_first_line():
    done = make("gdb", stdin=None, input=b"backtrace 1\nquit\n")
    assert done.returncode == 0
    assert re.search(rb"#0 .*kernel_main .*kern/main.cpp:\d+", done.stdout)
