"""A command that a handout names in its text, between backticks, is run like those of its sessions: by a session that has the same,
of this page or of another that is played, or else here, in a short form."""

import re
import shlex

import pexpect
import pytest

from grade.tests.debugger import Debugger
from grade.tests.pages import ENVIRONMENT, PROMPT, ROOT, blocks, run
from grade.tests.test_docs_commands import inline
from labs.catalog import all_labs

LABS = all_labs()
PAGES = {lab.folder: ROOT / "labs" / lab.folder / "README.md" for lab in LABS}
PLAYED = {
    command.partition("    #")[0].strip()
    for page in ["README.md", *(path.relative_to(ROOT) for path in PAGES.values())]
    for _, session in blocks(page)
    for command, _ in session
}
# What a name alone, or dots, stand for; and what only `make test` as a whole runs.
STAND_FOR = {
    "make run": "make run CMD=/bin/hello",
    "make run ROOT=... ICOUNT=1": "make run ROOT=user/root ICOUNT=1 CMD=/bin/true",
    "riscv64-linux-gnu-addr2line -f -e build/user/lab/alloc 0x...": "riscv64-linux-gnu-addr2line -f -e build/user/lab/alloc 0x10514",
}
BY_MAKE_TEST = {"make unit": "test-unit: unit"}
SHELL = ["ls /bin", "maps $$", "cat /proc/self/maps"]  # of the machine itself
MONITOR = ["info mem"]  # QEMU's, behind Ctrl-A C
DEBUGGER = {
    "make gdb CMD='/lab/tour ada'": ["help astrolabe", "lab", "break kill_for", "info breakpoints", "break on_user_syscall", "continue", "step"],
    "make gdb CMD=/bin/hello": ["hbreak Vmar::handle_fault", "continue", "p/x address.value", "p access"],
    "make gdb": ["info breakpoints"],
    "make gdb CHECK=call-number": ["continue"],
}
UNKNOWN = re.compile(r"Undefined|No symbol|not defined|No .* in current|not being run|[Ee]rror")
TYPED = re.compile(r"(?:p|p/x|break|hbreak|info|help|ls|maps|cat|ps) ")  # what is no command of a shell on the host


def named(begin: str) -> dict[str, list[str]]:
    """What begins so and no session plays: on which labs' pages it stands."""
    found: dict[str, list[str]] = {}
    for folder, page in PAGES.items():
        for text in inline(page):
            if re.match(begin, text) and text not in PLAYED:
                found.setdefault(text, []).append(folder)
    return found


COMMANDS = named(r"(?:make|riscv64-linux-gnu-\S+)( |$)")
MORE_CHECKS = [(text, folder) for text, folders in named("CHECK=").items() for folder in folders]  # behind a whole `make unit`


def short(command: str, folder: str) -> str:
    """The command as it comes to an end by itself, in this tree, which is of no lab."""
    lab = folder.partition("-")[2]
    command = f"make unit {command}" if command.startswith("CHECK=") else command
    return f"{command} LAB={lab}" if "CHECK=" in command and "LAB=" not in command else command


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.folder)
def test_a_handout_is_written_and_handed_in_as_its_page_says(lab, tmp_path, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "HOME", str(tmp_path))
    [command] = [text for text, folders in COMMANDS.items() if text.startswith("make handout") and lab.folder in folders]
    done = run(command, ROOT)
    assert done.returncode == 0 and f"begin with labs/{lab.folder}/README.md" in done.stdout, done.stdout
    assert "make submit" in inline(PAGES[lab.folder])
    packed = run("make submit", tmp_path / lab.name)
    assert packed.returncode == 0 and f"{lab.name}-submission.tar.gz" in packed.stdout, packed.stdout


ELSEWHERE = re.compile(rf"make (?:handout|gdb)\b|(?:make submit|{'|'.join(BY_MAKE_TEST)})$")  # the other tests here run them
HERE = [(text, folders[0]) for text, folders in COMMANDS.items() if not ELSEWHERE.match(text)]


@pytest.mark.slow
@pytest.mark.parametrize("command, folder", HERE + MORE_CHECKS)
def test_a_command_that_a_handout_names_runs(command, folder):
    done = run(short(STAND_FOR.get(command, command), folder), ROOT)
    assert done.returncode == 0 and "?" not in done.stdout.partition("\n")[0], done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("command", DEBUGGER)
def test_what_is_typed_at_the_debugger_is_known_to_it(command):
    _, target, *words = shlex.split(short(command, COMMANDS[command][0]))
    with Debugger(*words, tree=ROOT, target=target) as gdb:
        for line in DEBUGGER[command]:
            printed = gdb(line)
            assert printed.strip() and not UNKNOWN.search(printed), (line, printed)


@pytest.mark.slow
def test_what_is_typed_at_the_machine_is_known_to_it():
    machine = pexpect.spawn("make qemu", cwd=str(ROOT), env=ENVIRONMENT, timeout=120, encoding="utf-8")
    machine.expect(PROMPT)
    for line in SHELL:
        machine.sendline(line)
        machine.expect(PROMPT)
        assert "not found" not in machine.before and machine.before.count("\n") > 2, machine.before
    machine.send("\x01c")
    machine.expect_exact("(qemu) ")
    for line in MONITOR:
        machine.sendline(line)
        machine.expect(r"[0-9a-f]{16} .*\(qemu\) ")
    machine.sendline("quit")
    machine.expect(pexpect.EOF)


def test_the_lists_here_are_those_of_the_pages():
    makefile = (ROOT / "Makefile").read_text()
    assert all(text in COMMANDS and rule in makefile for text, rule in BY_MAKE_TEST.items())
    assert STAND_FOR.keys() <= COMMANDS.keys()
    assert {text for text in COMMANDS if text.startswith("make gdb")} == DEBUGGER.keys()
    typed = {*SHELL, *MONITOR, *(line for lines in DEBUGGER.values() for line in lines)}
    assert named(TYPED.pattern).keys() <= typed, named(TYPED.pattern).keys() - typed
    assert {*SHELL, *MONITOR} <= named(TYPED.pattern).keys()
