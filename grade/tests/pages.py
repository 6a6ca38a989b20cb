"""Plays the sessions of a page: each must go as printed.

A block ```console is a session. A line `$ command` is run, and `# exits with N` behind it names its status, else it is 0. What
is printed below must come, in order, each line whole; a line `...` stands for any number of lines, and `...` within a line for
anything. Seeds, versions, line numbers and what is random of an address space may differ. Words behind ```console are options:

    interactive      a machine that is typed at, `$` being its own prompt after the first command
    gdb              `make gdb` or `make replay`, and `(gdb)` commands in it
    gdb goes-on      more commands of the gdb block before
"""

import re
import shlex
import subprocess
from pathlib import Path

import pexpect

from grade.tests.conftest import ignore_nothing, plain_environment
from grade.tests.debugger import Debugger

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = plain_environment()
PROMPT = r"\n(\S+ # |\$ )"
BUILT = re.compile(r"  [A-Z]+ +\S+$|make: ")  # what make says of itself


def blocks(page):
    """({option}, [(command, [output lines])]) of each console block."""
    text = (ROOT / page).read_text()
    for options, block in re.findall(r"^```console ?(.*?)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        session = []
        for line in block.splitlines():
            if line.startswith(("$ ", "# ", "(gdb) ")):
                session.append((line.partition(" ")[2], []))
            else:
                session[-1][1].append(line)
        yield set(options.split()), session


def pattern(line: str) -> str:
    """What the line may look like, as a regular expression."""
    text = re.escape(line).replace(r"\.\.\.", ".*")
    text = re.sub(r"seed\\ \d+", r"seed\\ \\d+", text)
    text = re.sub(r"QEMU\\ [\d\\.]+", r"QEMU\\ .*", text)
    text = re.sub(r"(\\ )+\d+\\\.\d\\ s$", r" +[\\d.]+ s", text)
    if "killed by" in line:
        text = re.sub(r"0x3[0-9a-f]{9}", "0x3[0-9a-f]{9}", text)
    text = re.sub(r"\b[0-9a-f]{10}\b|[\d\\.]+\\ [KMG]iB\\ free", "[0-9a-f.]+( .iB free)?", text)  # what is random of an address space
    text = re.sub(r":\d+\\\)", r":\\d+\\)", text)
    return text + r"( +[\d.]+ s)?" if re.match("  (ok|FAIL|waits) ", line) else text  # a check's line ends in its time


def first_missing(expected: list[str], lines: list[str]) -> str | None:
    """The first of the lines expected that does not come as it should; None: all do."""
    ends = {0}  # where in `lines` those so far may have ended
    for line in expected:
        if line == "...":
            ends = set(range(min(ends), len(lines) + 1))
        else:
            like = re.compile(pattern(line))
            ends = {end + 1 for end in ends if end < len(lines) and like.fullmatch(lines[end])}
        if not ends:
            return line
    return None


def check_output(command: str, expected: list[str], output: str) -> None:
    lines = [line.rstrip() for line in output.replace("\r", "").splitlines()]
    missing = first_missing(expected, lines)
    assert missing is None, f"$ {command}\nhas no line: {missing}\n" + "\n".join(lines)


def play_interactive(session, where: Path) -> None:
    command, expected = session[0]
    shell = pexpect.spawn("/bin/sh", ["-c", command], cwd=str(where), env=ENVIRONMENT, timeout=300, encoding="utf-8")
    shell.expect(PROMPT)
    check_output(command, expected, shell.before)
    for typed, expected in session[1:]:
        shell.sendline(typed)
        shell.expect(pexpect.EOF if typed == "exit" else PROMPT)
        check_output(typed, expected, shell.before.replace("\r", "").partition("\n")[2])


def run(command: str, where: Path) -> subprocess.CompletedProcess:
    """The command in a shell, with standard error where standard output goes."""
    return subprocess.run(command, shell=True, cwd=where, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600, preexec_fn=ignore_nothing)


def play(session, where: Path, passed_over: tuple[str, ...] = ()) -> Path:
    """Plays the commands of a shell; returns the folder it ends in."""
    for line, expected in session:
        command, _, remark = line.partition("    # exits with ")
        if command in passed_over:
            continue
        words = shlex.split(command)
        if words[0] == "cd":
            where = (where / words[1]).resolve()
            continue
        done = run(command, where)
        check_output(command, expected, "\n".join(text for text in done.stdout.splitlines() if not BUILT.match(text)))
        assert done.returncode == int(remark or 0), done.stdout
    return where


def play_gdb(session, where: Path) -> None:
    """Plays `make gdb`, or another make with a debugger, and what is typed there."""
    (command, expected), typed = session[0], session[1:]
    make, target, *words = shlex.split(command)
    with Debugger(*words, tree=where, target=target) as gdb:
        check_output(command, expected, gdb.start)
        for line, lines in typed:
            check_output(line, lines, gdb(line))


def gathered(page):
    """The blocks, those that go on joined to the ones before."""
    joined = []
    for options, session in blocks(page):
        if "goes-on" in options:
            joined[-1][1].extend(session)
        else:
            joined.append((options, session))
    return joined
