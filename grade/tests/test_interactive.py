"""The shell at a terminal: user/sh, here and built for this machine's Linux, gets the same keys and has to show the same."""

import subprocess
from pathlib import Path

import pytest

from grade.tests.test_terminal import Screen

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "$ "


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """The shell for the machine the tests run on."""
    program = tmp_path_factory.mktemp("native") / "sh"
    sources = sorted(str(path) for path in (ROOT / "user/sh").glob("*.cpp"))
    subprocess.run(["g++", "-std=c++23", "-o", str(program), *sources], check=True)
    return program


@pytest.fixture(params=["astrolabe", "linux"])
def shell(request, native):
    """A shell that has shown its first prompt."""
    command = ["make", ["-s", "qemu", "APPEND=quiet"]] if request.param == "astrolabe" else ["env", ["-i", "PATH=/bin", str(native)]]
    screen = Screen(*command, ready=r"\$ ")
    yield screen
    screen.child.close(force=True)


def says(shell, line, *shown):
    """What is shown for a line that is typed, up to the next prompt."""
    shell.typed(line + "\r", "".join(f"{text}\r\n" for text in (line, *shown)) + PROMPT)


def test_lines_are_run_one_after_another(shell):
    says(shell, "echo one; echo two", "one", "two")
    says(shell, "false", "[exit 1]")
    says(shell, "")
    says(shell, "for i in 1 2; do echo $i | cat; done", "1", "2")
    says(shell, "nosuch", "sh: nosuch: not found", "[exit 127]")
    shell.typed("echo 'a\r", "echo 'a\r\n> ")
    shell.typed("b'\r", "b'\r\na\r\nb\r\n" + PROMPT)
    shell.typed("echo wrong\x7f\x7fing", "echo wrong\b \b\b \bing")
    shell.typed("\x03", f"^C\r\n{PROMPT}")
    shell.typed("ec\x15echo kept\r", "ec\b \b\b \becho kept\r\nkept\r\n" + PROMPT)
    shell.typed("exit 3\r", "exit 3\r\n")


# A key that comes before the job runs is the shell's own: the job says that it is up. It is no other shell's: one that has a
# handler of its own for ^C may get it before it has begun what it waits for, and wait.
JOB = "sleep 1000 | (echo up; cat)"


def test_a_job_is_stopped_listed_continued_and_killed(shell):
    shell.typed(f"{JOB}\r", f"{JOB}\r\nup\r\n")
    shell.typed("\x1a", f"^Z\r\n[1] stopped  {JOB}\r\n{PROMPT}")
    says(shell, "jobs", f"[1] stopped  {JOB}")
    says(shell, "bg", JOB)
    says(shell, "jobs", f"[1] running  {JOB}")
    shell.typed("fg %1\r", f"fg %1\r\n{JOB}\r\n")
    shell.typed("\x03", f"^C[killed by SIGINT]\r\n{PROMPT}")
    says(shell, "jobs")
    says(shell, "fg", "sh: fg: there is no such job", "[exit 1]")


def test_a_key_reaches_the_job_in_the_foreground_alone(shell):
    shell.child.send("sleep 1000 &\r")
    shell.child.expect(r"sleep 1000 &\r+\n(\[1\] \d+\r+\n)?\$ ")
    shell.typed(f"{JOB} | cat\r", f"{JOB} | cat\r\nup\r\n")
    shell.child.send("\x03")
    shell.child.expect(r"SIGINT\]\r+\n\$ ")
    says(shell, "jobs", "[1] running  sleep 1000")
    shell.child.send("kill %1\r")
    shell.child.expect(r"kill %1\r+\n(\[1\] done +sleep 1000\r+\n)?\$ ")
    says(shell, "wait; jobs")


def test_the_terminal_is_put_right_when_a_job_that_changed_it_is_killed(shell):
    says(shell, "echo ok", "ok")
    shell.typed("cat\r", "cat\r\n")
    shell.typed("a line\r", "a line\r\na line\r\n")
    shell.typed("\x1c", f"^\\[killed by SIGQUIT]\r\n{PROMPT}")
    shell.typed("cat\r", "cat\r\n")
    shell.typed("\x04", PROMPT)
