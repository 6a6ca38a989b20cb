"""docs/debugging.md: every command on the page is run, and every line it shows of a session is what the machine and GDB print.

A block ```console with `$ make gdb` or `$ make replay` is a session: what follows `(gdb) ` is typed, the lines below it must come in
this order. `...` stands for anything, within a line or for any number of lines.
"""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from grade.tests.debugger import ENVIRONMENT, ROOT, Debugger
from grade.tests.test_terminal import ignore_nothing

PAGE = ROOT / "docs/debugging.md"
BLOCKS = [block.splitlines() for block in re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)]
DEBUGGING = ("gdb", "replay")


def steps(lines, prompt):
    """(command, lines expected) of a block."""
    found = []
    for line in lines:
        if line.startswith(prompt):
            found.append((line.removeprefix(prompt).split("    #")[0], []))
        elif found:
            found[-1][1].append(line)
    return found


def pattern(line):
    """What the line may look like: blanks count as one, `...` is anything."""
    return re.compile(" *" + " +".join(re.escape(word).replace(r"\.\.\.", ".*?") for word in line.split()) + " *")


def comes(expected, lines):
    """Whether the lines stand there one behind the other; a line `...` is any number of lines."""
    ends = set(range(len(lines) + 1))  # where the lines so far may have ended
    for line in expected:
        if line.strip() == "...":
            ends = set(range(min(ends, default=len(lines) + 1), len(lines) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(lines) and pattern(line).fullmatch(lines[end])}
    return bool(ends)


def check(command, expected, seen):
    text = "\n".join(line.rstrip() for line in seen.replace("\r", "").splitlines())
    assert comes(expected, text.splitlines()), f"{command}\n-- the page says\n" + "\n".join(expected) + "\n-- but there came\n" + text


def shell(command, expected):
    done = subprocess.run(command, shell=True, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, preexec_fn=ignore_nothing)
    check(command, expected, done.stdout + done.stderr)


@pytest.mark.slow
def test_the_sessions_of_the_page_go_as_printed():
    """In the order of the page: a later session uses what an earlier one made."""
    for block in BLOCKS:
        play(block)


def play(lines):
    session = None
    try:
        for command, expected in steps(lines, "$ "):
            words = command.split(maxsplit=2)
            if words[0] == "make" and words[1] in DEBUGGING:
                at = next(index for index, line in enumerate([*expected, "(gdb)"]) if line.startswith("(gdb)"))
                session = Debugger(*arguments(words[2:]), target=words[1])
                check(command, expected[:at], session.start + "\n")
                for typed, answer in steps(expected[at:], "(gdb) "):
                    check(typed, answer, session(typed) + "\n")
            else:
                shell(command, expected)
    finally:
        if session:
            session.__exit__()


def arguments(words):
    """The rest of a make command as the shell splits it."""
    return shlex.split(words[0]) if words else []


def test_the_page_has_sessions():
    assert sum("(gdb) " in "\n".join(block) for block in BLOCKS) >= 2
    assert Path(ROOT / "docs/ledger.c").exists()


def test_what_does_not_come_is_noticed():
    seen = ["a  1", "b", "c", "d 2"]
    assert comes(["a 1", "...", "d ..."], seen) and comes(["b", "c"], seen) and comes([], seen)
    assert not comes(["a 1", "c"], seen) and not comes(["c", "...", "b"], seen)
    assert not comes(["... ..."] + ["..."] * 30 + ["e"], seen * 500)
