"""make qemu-gdb and what an editor does with it, make map, make addr2line, and the line that leads from a panic to GDB."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest

from grade.tests import browser, devtools
from grade.tests.debugger import ENVIRONMENT, PATIENCE, ROOT


# Of the page of make map: how much there is, which moment it shows and marks, and which when the bar is moved to its beginning.
OF_A_MAP = """(() => {
    const looks = [...document.querySelectorAll('.look')], bar = document.querySelector('input'), line = document.querySelector('line');
    const shown = () => looks.flatMap((look, index) => look.offsetHeight ? [index] : []), marked = () => +line.getAttribute('x1');
    const seen = {looks: looks.length, squares: document.querySelectorAll('.cells i').length, shown: shown(), marked: marked(),
                  width: document.documentElement.scrollWidth};
    bar.value = 0;
    bar.dispatchEvent(new Event('input'));
    return {...seen, then: shown(), then_marked: marked()};
})()"""


def make(*words):
    return subprocess.run(["make", *words], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=PATIENCE)


@contextlib.contextmanager
def waiting_machine(stub, *words):
    """make qemu-gdb, when it has said that it waits."""
    machine = subprocess.Popen(["make", "qemu-gdb", f"STUB={stub}", *words], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        said = ""
        while "target remote" not in said:
            line = machine.stdout.readline()
            assert line, said
            said += line
        while not os.path.exists(stub):
            assert machine.poll() is None
            time.sleep(0.01)
        yield said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(machine.pid, signal.SIGKILL)
        machine.stdout.close()
        machine.wait()


def test_a_debugger_of_ones_own(tmp_path):
    stub = tmp_path / "stub"
    with waiting_machine(stub, "CMD=/bin/hello") as said:
        line = re.search(r"^  (gdb-multiarch .*)$", said, re.MULTILINE)[1]
        done = subprocess.run(f"{line} -batch -ex 'break main' -ex 'thbreak kernel_main' -ex continue -ex procs -ex 'backtrace 1'", shell=True,
                              cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "no process yet" in done.stdout and "kernel_main" in done.stdout
    assert "auto-loading" not in done.stderr and "Traceback" not in done.stderr


def test_what_vs_code_sends(tmp_path):
    """The commands of .vscode/launch.json in the order the C/C++ extension gives them to GDB's machine interface."""
    launch = json.loads((ROOT / ".vscode/launch.json").read_text())["configurations"][0]
    task = next(item for item in json.loads((ROOT / ".vscode/tasks.json").read_text())["tasks"] if item["label"] == launch["preLaunchTask"])
    assert launch["miDebuggerServerAddress"] in task["command"] and "make qemu-gdb" in task["command"]
    assert task["problemMatcher"]["background"]["endsPattern"] in (ROOT / "grade/debug.py").read_text()
    stub = tmp_path / "stub"
    folder = {"${workspaceFolder}": str(ROOT)}
    program = launch["program"].replace("${workspaceFolder}", folder["${workspaceFolder}"])
    sent = [f'-interpreter-exec console "{item["text"]}"' for item in launch["setupCommands"]]
    sent += [f"-file-exec-and-symbols {program}", f"-target-select remote {stub}"]
    sent += [f'-interpreter-exec console "{item["text"]}"' for item in launch["postRemoteConnectCommands"]]
    with waiting_machine(stub, "CMD=/bin/hello"):
        gdb = subprocess.Popen([launch["miDebuggerPath"], *launch["miDebuggerArgs"].split(), "--interpreter=mi"], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        gdb.stdin.write("\n".join([*sent, "-exec-continue"]) + "\n")
        gdb.stdin.flush()
        said = ""
        while "*stopped" not in said.split("^connected")[-1] or "kernel_main" not in said:
            line = gdb.stdout.readline()
            assert line and "^error" not in line, said + line
            said += line
        rest, _ = gdb.communicate('-interpreter-exec console "procs"\n-gdb-exit\n', timeout=PATIENCE)
    assert "no process yet" in rest


def test_addr2line_for_the_kernel_and_for_a_program():
    table = subprocess.run(["riscv64-linux-gnu-nm", "build/kernel.elf"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    address = re.search(r"^(\w+) \w kernel_main$", table, re.MULTILINE)[1]
    assert re.search(rf"^0x{address} kernel_main \(main.cpp:\d+\)$", make("addr2line", f"ADDR=0x{address}").stdout, re.MULTILINE)
    table = subprocess.run(["riscv64-linux-gnu-nm", "build/user/hello"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    address = re.search(r"^(\w+) T main$", table, re.MULTILINE)[1]
    assert "main (hello.c:" in make("addr2line", f"ADDR=0x{address}", "CMD=/bin/hello").stdout
    for words, problem in ((["ADDR=zz"], "no address"), (["ADDR=0x10000"], "CMD=/bin/prog says whose"), (["ADDR=0x10", "CMD=/bin/nope"], "no /bin/nope")):
        done = make("addr2line", *words)
        assert done.returncode != 0 and problem in done.stderr


@pytest.mark.parametrize(("words", "status", "place"), [
    (["CMD=/bin/true", "APPEND=selftest=overflow seed=7"], 125, "panic_message"),
    (["CMD=/lab/tour ada fault", "APPEND=seed=7"], 139, "kill_for"),
])
def test_a_panic_and_a_fault_say_how_to_get_there(words, status, place):
    done = make("run", *words)
    assert done.returncode == status
    line = re.search(r"^run: to look at it: (make gdb .*)$", done.stderr, re.MULTILINE)[1]
    assert "seed=7" in line
    there = subprocess.run(line, shell=True, cwd=ROOT, env=ENVIRONMENT, input="backtrace 3\nquit\n", capture_output=True, text=True, check=False,
                           timeout=PATIENCE)
    assert re.search(rf"#0 .*{place}", there.stdout)


@pytest.mark.slow
def test_map_draws_memory_and_writes_its_page(tmp_path):
    page = tmp_path / "map.html"
    done = make("map", "CMD=/bin/sh -c 'cat /etc/motd; sleep 1; cat /etc/motd'", f"OUT={page}")
    assert done.returncode == 0 and "Program received" not in done.stdout, done.stdout
    assert re.search(r"^  [KSTafz.?]{64}$", done.stdout, re.MULTILINE) and re.search(r"\. free \d+", done.stdout)
    looks = int(re.search(r"map.html: (\d+) look", done.stdout)[1])
    assert looks > 0 and "http" not in page.read_text()
    assert "Welcome to Astrolabe." in done.stdout  # the machine's own console
    seen = devtools.ask(page.as_uri(), OF_A_MAP, browser.PHONE)
    assert looks >= seen["looks"] > 0 and seen["squares"] >= 1024 * seen["looks"] and seen["width"] <= browser.PHONE
    middle = seen["looks"] // 2
    for shown, marked, moment in ((seen["shown"], seen["marked"], middle), (seen["then"], seen["then_marked"], 0)):
        assert shown == [moment] and abs(marked - 100 * (moment + 0.5) / seen["looks"]) < 0.01
