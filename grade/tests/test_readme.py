"""The sessions of README.md and docs/programs.md are played in a clone of this tree, command by command, and must go as printed.

A line of output on the page must come, in order; `...` stands for any number of lines. Numbers of seconds, seeds and
versions may differ. `# exits with N` behind a command names its status, else it is 0. A block `mutant=NAME` is played with
the lab filled in by the reference and that mutant; before the blocks behind it the reference itself is put in. A block `distro`
needs Debian's packages.
"""

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
LAB = ROOT / "labs/1-vmar"
LONG = ("make grade", "make test")  # what "Start" names: they are this test's own surroundings

PROMPT = r"\n(\S+ # |\$ )"

pytestmark = pytest.mark.slow


def blocks(page):
    """({option}, [(command, [output lines])]) of each console block."""
    for options, text in re.findall(r"^```console ?(.*?)\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE):
        session = []
        for line in text.splitlines():
            if line.startswith(("$ ", "# ")):
                session.append((line[2:], []))
            else:
                session[-1][1].append(line)
        yield set(options.split()), session


def pattern(line: str) -> str:
    text = re.escape(line)
    text = re.sub(r"seed\\ \d+", r"seed\\ \\d+", text)
    text = re.sub(r"QEMU\\ [\d\\.]+", r"QEMU\\ .*", text)
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


def put_in(tree: Path, mutant: str | None) -> None:
    """The reference's files of the lab, and in them the mutant."""
    for name in tomllib.loads((LAB / "lab.toml").read_text())["files"]:
        shutil.copy(ROOT / name, tree / name)
    if mutant:
        change = tomllib.loads((LAB / f"mutants/{mutant}.toml").read_text())
        file = tree / change["file"]
        text = file.read_text()
        assert text.count(change["find"].strip("\n")) == 1
        file.write_text(text.replace(change["find"].strip("\n"), change["replace"].strip("\n")))


def play_interactive(session, where: Path) -> None:
    command, expected = session[0]
    shell = pexpect.spawn("/bin/sh", ["-c", command], cwd=str(where), env=ENVIRONMENT, timeout=300, encoding="utf-8")
    shell.expect(PROMPT)
    check_output(command, expected, shell.before)
    for typed, expected in session[1:]:
        shell.sendline(typed)
        shell.expect(pexpect.EOF if typed == "exit" else PROMPT)
        check_output(typed, expected, shell.before.replace("\r", "").partition("\n")[2])


def play(session, where: Path) -> Path:
    for line, expected in session:
        command, _, remark = line.partition("    # exits with ")
        if command in LONG and where.name == "astrolabe":
            continue
        words = shlex.split(command)
        if words[0] == "cd":
            where = (where / words[1]).resolve()
            continue
        done = subprocess.run(command, shell=True, cwd=where, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        built = re.compile(r"  [A-Z]+ +\S+$|make: ")
        output = "\n".join(text for text in done.stdout.splitlines() if not built.match(text))
        check_output(command, expected, output)
        assert done.returncode == int(remark or 0), done.stdout
    return where


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    where = tmp_path_factory.mktemp("pages") / "astrolabe"
    subprocess.run(["git", "clone", "-q", ROOT, where], check=True)
    return where


def test_the_readme_goes_as_printed(tree):
    where = tree
    for options, session in blocks("README.md"):
        if options == {"interactive"}:
            play_interactive(session, where)
            continue
        mutant = next((option.removeprefix("mutant=") for option in options), None)
        if where.name != "astrolabe":
            put_in(where, mutant)
        where = play(session, where)


def test_the_page_on_programs_goes_as_printed(tree, tmp_path):
    fetched = subprocess.run(["grade/distro", tmp_path / "root"], cwd=ROOT, check=False).returncode == 0
    for options, session in blocks("docs/programs.md"):
        if fetched or "distro" not in options:
            (play_interactive if "interactive" in options else play)(session, tree)
    if not fetched:
        pytest.skip("without Debian's packages only a part was played")
