"""make record and make replay: a value that was overwritten is traced back to the instruction that did it."""

import re
import shutil
import subprocess

import pytest

from grade.tests.debugger import ROOT, Debugger, build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    """A run of programs/ledger.c, recorded in a build folder of its own; what it printed."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "build").mkdir()
    for name in ("kernel.elf", "initramfs.cpio"):
        shutil.copy(ROOT / "build" / name, folder / "build" / name)
    build(folder / "root/bin/ledger", "ledger.c", "-static", "-fno-builtin")
    words = ["-m", "grade.run", "record", f"--build={folder}/build", "--command=/bin/ledger", f"--root={folder}/root",
             "--append=norandmaps seed=7"]
    done = subprocess.run(["python3", *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert "ledger: Alexander has 114, not 70" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1  # the program's
    return folder / "build"


@pytest.fixture
def replay(tape):
    with Debugger(program=["python3", "-m", "grade.run", "replay", f"--build={tape}"]) as gdb:
        gdb("break complain")
        assert "complain ()" in gdb("continue")
        yield gdb


def instruction(text):
    return int(re.search(r"^instruction (\d+)$", text, re.MULTILINE)[1])


def test_a_watchpoint_is_followed_back_to_each_write(replay):
    end = instruction(replay("when"))
    replay("watch -l account.balance")
    last = replay("reverse-continue")
    assert "account.balance: old value 70, new value 114" in last and instruction(last) < end
    assert re.search(r"#1 .* rename_to .*\n#2 .* main ", replay("backtrace"))
    before = replay("reverse-continue")
    assert "old value 100, new value 70" in before and "deposit (amount=amount@entry=-30)" in before
    assert "new value 100" in replay("reverse-continue")
    first = replay("reverse-continue")
    assert "no stop before this one" in first or "new value" in first  # the program's data being loaded


def test_the_last_write_of_any_expression(replay):
    assert "old value 70, new value 114" in replay("lastwrite account.balance")
    assert "lies in no memory" in replay("lastwrite 1 + 1")
    assert "usage: lastwrite EXPRESSION, or lastwrite pte ADDRESS [PID]" in replay("lastwrite pte")
    assert "there is no process 9" in replay("lastwrite pte &account 9")
    assert re.match(r"entry for 0x\w+: old value empty, new value page 0x8\w+ VRW", replay("lastwrite pte &account"))


def test_steps_back_and_forward_meet(replay):
    here = replay("print $pc"), instruction(replay("when"))
    back = replay("reverse-stepi 3")
    assert instruction(back) == here[1] - 3
    replay(f"goto {here[1]}")
    assert replay("print $pc").split("=")[1] == here[0].split("=")[1]
    for name in ("reverse-next", "reverse-finish"):
        assert replay(name).startswith(f"{name}: cannot be done here; a breakpoint")
    line = replay("reverse-step")
    assert re.search(r"\d+\s+.*complain\(\);", line) and instruction(line) < here[1]


def test_the_commands_know_the_kernel_at_any_moment(replay):
    assert re.search(r"1 +0 +1 +alive .* ledger ", replay("procs"))
    replay("lastwrite account.balance")
    assert "/bin/ledger +0x0" in replay("vmar")
    replay("goto 1000")
    assert "no process yet" in replay("procs")


INTERRUPTED = """python
import os, subprocess
seen = []
def third(event):
    seen.append(event)
    if len(seen) == 3: subprocess.Popen(["kill", "-INT", str(os.getpid())])
gdb.events.stop.connect(third)
end"""


def test_what_does_not_come_to_its_end_leaves_the_machine_where_it_was(replay):
    end = instruction(replay("when"))
    replay("break Vmar::handle_fault")
    replay(INTERRUPTED)  # as Ctrl-C would, in the middle of the way
    for _ in range(20):
        answer = replay("reverse-continue")
        if answer == "reverse-continue: interrupted":
            break
        assert "Vmar::handle_fault" in answer  # GDB itself may swallow a Ctrl-C
        while instruction(replay("when")) != end:
            replay(f"goto {end}")
        replay("python seen.clear()")
    assert answer == "reverse-continue: interrupted"
    assert instruction(replay("when")) == end
    replay("python import sys; sys.modules['astrolabe.core.replay'].MOST_STOPS = 5")
    assert "more than 5 stops on the way" in replay("reverse-continue")
    assert instruction(replay("when")) == end
    assert replay(f"goto {end * 1000}") == f"goto: the recorded run ends before instruction {end * 1000}"
    assert instruction(replay("when")) == end
    assert "complain" in replay("print $pc")
