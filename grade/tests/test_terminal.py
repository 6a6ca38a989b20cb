"""The terminal, as a person at the keyboard meets it: user/ttytest runs on this kernel and on this machine's Linux, each
at the end of a pseudo-terminal, gets the same keys, and has to show the same."""

import subprocess
import time
from pathlib import Path

import pexpect
import pytest

from grade.tests.conftest import ignore_nothing

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """ttytest for the machine the tests run on."""
    program = tmp_path_factory.mktemp("native") / "ttytest"
    subprocess.run(["g++", "-std=c++23", "-o", str(program), str(ROOT / "user/ttytest.cpp")], check=True)
    return program


class Screen:
    """A program on a terminal. QEMU lets the outer terminal put one more \\r before each \\n: they count as one."""

    def __init__(self, *command, ready=r"ready\r+\n"):
        self.child = pexpect.spawn(*command, cwd=str(ROOT), timeout=SECONDS, encoding="latin1", preexec_fn=ignore_nothing)
        self.child.delaybeforesend = None
        self.child.expect(ready)

    def shows(self, text):
        """Exactly this comes next."""
        seen = ""
        while len(seen) < len(text):
            seen = (seen + self.child.read(1)).replace("\r\r", "\r")
            assert text.startswith(seen), f"after {seen!r} not {text!r}"

    def typed(self, keys, text):
        self.child.send(keys)
        self.shows(text)

    def rest(self):
        self.child.expect(pexpect.EOF)
        return self.child.before.replace("\r\r", "\r")


@pytest.fixture(params=["astrolabe", "linux"])
def terminal(request, native):
    """Starts ttytest with these words; what runs is ended with the test."""
    started = []

    def start(*words):
        if request.param == "linux":
            screen = Screen(str(native), list(words))
        else:
            append = f"init=/bin/ttytest quiet -- {' '.join(words)}"
            screen = Screen("make", ["-s", "qemu", f"APPEND={append}"])
        started.append(screen.child)
        return screen

    yield start
    for child in started:
        child.close(force=True)


BACK = "\b \b"


def test_a_line_is_edited(terminal):
    tty = terminal("lines")
    tty.shows("set\r\n")
    tty.typed("abd\x7fc\r", f"abd{BACK}c\r\n<abc\\012>\r\n")
    tty.typed("one two-2  \x17\x17three\r", "one two-2  " + BACK * 3 + BACK * 4 + "three\r\n<one three\\012>\r\n")
    tty.typed("gone\x15kept\r", "gone" + BACK * 4 + "kept\r\n<kept\\012>\r\n")
    tty.typed("a\x02\x7f\x7fb\r", f"a^B{BACK * 2}{BACK}b\r\n<b\\012>\r\n")
    tty.typed("\x7f\x15\x17\r", "\r\n<\\012>\r\n")  # there is nothing to take back
    tty.typed("half\x04", "half<half>\r\n")
    tty.typed("\x04", "<>\r\n")


@pytest.mark.parametrize(("flag", "keys", "shown"), [
    ("-ECHO", "abc\x7fd\r", "<abd\\012>\r\n"),
    ("-ISIG", "a\x03b\r", "a^Cb\r\n<a\\003b\\012>\r\n"),
    ("-IEXTEN", "a b\x17\r", "a b^W\r\n<a b\\027\\012>\r\n"),
], ids=lambda value: value if value[1:].isupper() else "")
def test_how_keys_are_echoed(terminal, flag, keys, shown):
    tty = terminal("lines", flag)
    tty.shows("set\r\n")
    tty.typed(keys, shown)


def test_raw_reads_wait_for_as_many_bytes_as_they_want(terminal):
    tty = terminal("raw", "3")
    tty.shows("set\r\n")
    tty.typed("ab\r", "<ab\\015>\r\n")
    tty.typed("\x03\x04\x1a", "<\\003\\004\\032>\r\n")
    tty.typed("\x7fq!", "<\\177q!>\r\n")


def test_raw_reads_end_with_a_pause(terminal):
    after_a_byte = terminal("raw", "3", "1")
    after_a_byte.shows("set\r\n")
    after_a_byte.typed("a", "<a>\r\n")
    after_a_byte.typed("q", "<q>\r\n")
    from_the_start = terminal("raw", "0", "1")
    from_the_start.shows("set\r\n<>\r\n")
    from_the_start.child.send("q")
    assert set(from_the_start.rest().splitlines()) <= {"<>", "<q>"}


@pytest.mark.parametrize("mode", ["session", "settings"])
def test_the_calls_say_what_linux_says(terminal, native, mode):
    assert terminal(mode).rest() == Screen(str(native), [mode]).rest()


def test_what_a_job_in_the_background_may_do(terminal):
    tty = terminal("background")
    tty.shows("read: stopped by TTIN\r\n")
    tty.typed("typed\r", "typed\r\nexited with 6\r\n")
    assert tty.rest().splitlines() == [
        "ignoring read: exited with 42",
        "written", "write: exited with 42",
        "write with tostop: stopped by TTOU", "written", "exited with 42",
        "written", "ignoring write with tostop: exited with 42",
        "tcsetattr: stopped by TTOU", "exited with 42",
        "tcsetpgrp: stopped by TTOU", "exited with 42",
        "tcgetattr: exited with 42",
        "orphan's read: exited with 42",
    ]


def test_a_job_is_stopped_continued_and_killed(terminal):
    tty = terminal("job")
    tty.shows("job runs\r\n")
    tty.typed("one\r", "one\r\njob read one\r\n")
    tty.typed("\x1a", "^Zstopped by TSTP\r\nshell> ")
    tty.typed("fg\r", "fg\r\n")
    tty.typed("two\r", "two\r\njob read two\r\n")
    tty.typed("\x1a", "^Zstopped by TSTP\r\nshell> ")
    tty.typed("bg\r", "bg\r\nstopped by TTIN\r\nshell> ")  # it reads on, in the background
    tty.typed("fg\r", "fg\r\n")
    tty.typed("three\r", "three\r\njob read three\r\n")
    tty.typed("\x03", "^Ckilled by INT\r\n")
    assert tty.rest() == ""


def test_output_that_nobody_reads_can_be_interrupted(terminal):
    tty = terminal("flood")
    time.sleep(1)  # until all that lies between is full; nothing goes wrong if it is not
    tty.child.send("\x03")
    time.sleep(1)
    assert tty.rest().endswith("\r\nkilled by INT\r\n")


@pytest.mark.parametrize(("key", "shown"), [
    ("\x03", "^Ckilled by INT"), ("\x1c", "^\\killed by QUIT"), ("\x04", "exited with 5"),
])
def test_a_key_ends_a_job(terminal, key, shown):
    tty = terminal("job")
    tty.shows("job runs\r\n")
    tty.typed(key, f"{shown}\r\n")
    assert tty.rest() == ""
