"""Debian's programs, unmodified, do on Astrolabe what they do on Linux: same output, same status. Without a Debian mirror every
test here is skipped."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest

from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "grade/tests/distro"
NOT_HERE = 77
CROSS_CC = os.environ.get("CROSS_CC") or "riscv64-linux-gnu-gcc"
ENVIRONMENT = plain_environment()
SUPERUSER = ENVIRONMENT | {"PATH": f"/usr/sbin:/sbin:{os.environ['PATH']}"}  # where the tools for file systems are


def run_here(command):
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode == NOT_HERE:
        pytest.skip(done.stderr.decode().strip())
    return done


@pytest.fixture(scope="module")
def debian(tmp_path_factory):
    """A root file system of Debian's programs alone, for Linux, with the scripts in /t."""
    root = tmp_path_factory.mktemp("debian") / "root"
    made = run_here(["grade/distro", str(root)])
    assert made.returncode == 0, made.stderr.decode()
    shutil.copytree(SCRIPTS, root / "t")
    return root


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    """What is laid over Debian's programs on Astrolabe."""
    directory = tmp_path_factory.mktemp("scripts")
    shutil.copytree(SCRIPTS, directory / "t")
    return directory


def on_astrolabe(words, scripts, *options):
    return run_here(["make", "-s", "distro", f"CMD={shlex.join(words)}", f"ROOT={scripts}", *options])


def same_on_both(words, debian, scripts, *options, harts=1):
    linux = run_here(["grade/run-on-linux", "--sv39", f"--smp={harts}", str(debian), "--", *words])
    assert linux.returncode < 124, linux.stderr.decode()
    astrolabe = on_astrolabe(words, scripts, f"SMP={harts}", *options)
    assert astrolabe.stdout.decode() == linux.stdout.decode(), astrolabe.stderr.decode()
    assert astrolabe.returncode == linux.returncode


@pytest.mark.parametrize("script", ["shell", "text", "files", "jobs", "system", "loader"])
def test_scripts_of_the_shell(script, debian, scripts):
    same_on_both(["/bin/sh", f"/t/{script}.sh"], debian, scripts)


def test_lua(debian, scripts):
    same_on_both(["/usr/bin/lua5.4", "/t/lua.lua", "one", "two words"], debian, scripts)


@pytest.mark.slow
@pytest.mark.parametrize("script", ["shell", "jobs", "system"])
def test_scripts_on_four_harts(script, debian, scripts):
    same_on_both(["/bin/sh", f"/t/{script}.sh"], debian, scripts, harts=4)


def test_sqlite_in_memory(debian, scripts):
    """The database is a file of the root file system in memory; journals of all kinds, one of them in shared memory."""
    same_on_both(["/bin/sh", "/t/sqlite.sh", "/tmp"], debian, scripts, "MEM=256M", "TIMEOUT=120")


def make_disk(tmp_path, *options):
    if shutil.which("mke2fs", path=SUPERUSER["PATH"]) is None:
        pytest.skip("no mke2fs here")
    disk = tmp_path / "disk"
    subprocess.run(["mke2fs", "-q", "-t", "ext2", *options, disk, "64M"], env=SUPERUSER, check=True)
    return disk


def check_disk(disk):
    checked = subprocess.run(["e2fsck", "-fn", disk], env=SUPERUSER, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_sqlite_on_a_disk(debian, scripts, tmp_path):
    """The same on ext2, which is in order afterwards."""
    disk = make_disk(tmp_path)
    same_on_both(["/bin/sh", "/t/disk.sh"], debian, scripts, f"DISK={disk}", "MEM=256M", "TIMEOUT=120")
    check_disk(disk)


@pytest.mark.slow
def test_the_whole_root_can_be_on_a_disk(debian, tmp_path):
    """Programs and libraries come from ext2, and what is written is there at the next start."""
    disk = make_disk(tmp_path, "-d", debian)
    for command, output in (("echo kept >/root/note; sqlite3 /root/base.db 'create table t(x); insert into t values(7)'; mount", "ext2"),
                            ("cat /root/note; sqlite3 /root/base.db 'select x from t'", "kept\n7\n")):
        done = run_here(["make", "-s", "run", f"DISK={disk}", "APPEND=root=/dev/vda", f"CMD=/bin/sh -c {shlex.quote(command)}"])
        assert done.returncode == 0, done.stderr.decode()
        assert output in done.stdout.decode()
        check_disk(disk)


def test_shared_libraries_of_ones_own(debian, scripts):
    """Symbols across libraries, thread-local ones too, what is loaded while the program runs, threads."""
    def compile(output, source, *options):
        done = subprocess.run([CROSS_CC, "-O2", "-Wall", "-o", scripts / "t" / output, SCRIPTS / source, *options],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        shutil.copy(scripts / "t" / output, debian / "t")

    compile("libadd.so", "libadd.c", "-shared", "-fPIC")
    compile("libplugin.so", "libplugin.c", "-shared", "-fPIC")
    compile("dynamic", "dynamic.c", f"-L{scripts}/t", "-ladd", "-Wl,-rpath,/t", "-pthread")
    same_on_both(["/t/dynamic"], debian, scripts)


@pytest.fixture
def shell(debian):
    """Debian's shell on the machine's console, as make distro starts it."""
    console = pexpect.spawn("make", ["-s", "distro"], cwd=str(ROOT), env=ENVIRONMENT, timeout=60, encoding="utf-8",
                            dimensions=(24, 80))
    console.delaybeforesend = None
    console.expect("~ # ")
    yield console
    console.close(force=True)


def type_line(console, line, prompt="~ # "):
    """Types a line; returns what came before the next prompt, without the terminal's control sequences."""
    console.sendline(line)
    console.expect_exact(prompt)
    return console.before.replace("\r", "").partition("\n")[2]


def test_a_session_at_the_console(shell):
    """Job control, vi, and the line editors of lua and sqlite3."""
    assert type_line(shell, "echo $((6 * 7)) | tee /tmp/answer") == "42\n"
    shell.sendline("(echo begun; sleep 1000)")
    shell.expect("\nbegun")  # from here on the keys are its own, not the shell's line editor's
    shell.sendcontrol("z")
    shell.expect(r"\[1\]\+ +Stopped")
    shell.expect("~ # ")
    assert "Stopped" in type_line(shell, "jobs")
    shell.sendline("fg")
    shell.expect(r"sleep 1000\)?\r+\n")
    shell.sendcontrol("c")
    shell.expect("~ # ")
    assert type_line(shell, "echo $?") == "130\n"

    shell.sendline("vi /tmp/note")
    shell.expect("- /tmp/note")
    for keys in ("ifirst line\rsecond line", "1GA, longer"):
        shell.send(keys)
        shell.expect("I /tmp/note")
        shell.send("\x1b")
        shell.expect("- /tmp/note")  # out of insert mode: what follows is not taken for part of an escape sequence
    shell.send("yyjpkdd:s/first/third/\r")
    shell.send(":wq\r")
    shell.expect("~ # ")
    assert type_line(shell, "cat /tmp/note") == "first line, longer\nthird line, longer\n"

    shell.sendline("lua5.4")
    shell.expect("> ")
    assert "ABC" in type_line(shell, "print(('abc'):upper())", "> ")
    shell.sendline("os.exit()")
    shell.expect("~ # ")
    shell.sendline("sqlite3 /tmp/base.db")
    shell.expect("sqlite> ")
    type_line(shell, "create table t(x); insert into t values(41);", "sqlite> ")
    assert "42" in type_line(shell, "select x + 1 from t;", "sqlite> ")
    shell.sendline(".quit")
    shell.expect("~ # ")

    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 0
