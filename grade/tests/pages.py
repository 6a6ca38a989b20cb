"""Plays the sessions of a page: each must go as printed.

A block ```console is a session. A line `$ command` is run, and `# exits with N` behind it names its status, else it is 0. What
is printed below must come, in order; `...` stands for any number of lines, and a line on the page may be the beginning of the
real one. Seeds, versions, line numbers and what is random of an address space may differ. Words behind ```console are options:

    interactive      a machine that is typed at, `$` being its own prompt after the first command
    gdb              `make gdb`, and `(gdb)` commands in it
    gdb goes-on      more commands of the gdb block before
"""

import re
import shlex
import subprocess
from pathlib import Path

import pexpect

from grade.tests.conftest import plain_environment

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
    text = re.escape(line)
    text = re.sub(r"seed\\ \d+", r"seed\\ \\d+", text)
    text = re.sub(r"QEMU\\ [\d\\.]+", r"QEMU\\ .*", text)
    text = re.sub(r"(\\ )+\d+\\\.\d\\ s$", r" +[\\d.]+ s", text)
    if "killed by" in line:
        text = re.sub(r"0x3[0-9a-f]{9}", "0x3[0-9a-f]{9}", text)
    text = re.sub(r"\b[0-9a-f]{10}\b|[\d\\.]+\\ [KMG]iB\\ free", "[0-9a-f.]+( .iB free)?", text)  # what is random of an address space
    return re.sub(r":\d+\\\)", r":\\d+\\)", text)


def check_output(command: str, expected: list[str], output: str) -> None:
    lines, at, free = output.splitlines(), 0, False
    for line in expected:
        if line == "...":
            free = True
            continue
        last = len(lines) if free else at + 1
        found = next((i for i in range(at, min(last, len(lines))) if re.match(pattern(line), lines[i])), None)
        assert found is not None, f"$ {command}\nhas no line: {line}\n{output}"
        at, free = found + 1, False


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
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600)


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
    """Plays `make gdb` and what is typed there, as a script of the debugger."""
    (command, expected), typed = session[0], session[1:]
    script = ["-batch"]
    for number, (line, _) in enumerate(typed):
        script += ["-ex", f"echo \\n@{number}@\\n", "-ex", line]
    done = run(f"timeout 120 {command} GDB_ARGS={shlex.quote(shlex.join(script))}", where)
    parts = re.split(r"\n@\d+@\n", done.stdout)
    check_output(command, expected, parts[0])
    assert len(parts) == len(typed) + 1, done.stdout
    for (line, lines), part in zip(typed, parts[1:]):
        check_output(line, lines, part)


def gathered(page):
    """The blocks, those that go on joined to the ones before."""
    joined = []
    for options, session in blocks(page):
        if "goes-on" in options:
            joined[-1][1].extend(session)
        else:
            joined.append((options, session))
    return joined
