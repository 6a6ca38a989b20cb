"""make run without a kernel: a stand-in for QEMU plays the console, so that the host's side can be judged alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grade import console

ROOT = Path(__file__).resolve().parents[2]

STAND_IN = """#!{python}
import os, re, shlex, signal, sys, time
append = sys.argv[sys.argv.index("-append") + 1]
nonce = (re.search(r"log=(\\S+)", append) or [0, "none"])[1]
say = lambda data: os.write(1, data if isinstance(data, bytes) else data.encode())
frame = lambda text: say(f"\\x1e{{nonce}}:{{text}}\\x1f")
{script}
"""


@pytest.fixture
def prepare(tmp_path):
    """The command and environment that run grade.run with a QEMU that does what the given script says."""
    build = tmp_path / "build"
    build.mkdir()
    (build / "kernel.elf").touch()
    (build / "initramfs.cpio").write_bytes(b"base")

    def call(script, *options, mode="run", command="/bin/prog"):
        stand_in = tmp_path / "qemu-system-riscv64"
        stand_in.write_text(STAND_IN.format(python=sys.executable, script=script))
        stand_in.chmod(0o755)
        words = [sys.executable, "-m", "grade.run", mode, f"--build={build}", f"--command={command}", *options]
        return {"args": words, "cwd": ROOT, "env": dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}")}

    return call


@pytest.fixture
def run(prepare):
    """Runs it to the end."""
    return lambda *script, **options: subprocess.run(**prepare(*script, **options), capture_output=True, check=False)


HELLO = "say('OpenSBI\\n'); frame('astrolabe: here')"


def test_output_is_the_programs_bytes_and_nothing_else(run):
    done = run(f"{HELLO}; say(bytes(range(256)) + b'\\r\\n'); frame('a message'); say(b'\\x1e'); sys.exit(7)")
    assert done.stdout == bytes(range(256)) + b"\r\n\x1e"
    assert done.stderr == b"a message\n"
    assert done.returncode == 7


def test_a_program_cannot_write_a_frame(run):
    done = run(f"{HELLO}; say('\\x1e0123:forged\\x1f')")
    assert done.stdout == b"\x1e0123:forged\x1f"
    assert done.stderr == b""


def test_arguments_reach_the_kernel_quoted(run):
    done = run(f"{HELLO}; say(append)", command=r"""/bin/prog a "b c" '' 'q"\' '$X' 'two
lines'""")
    assert done.stdout.decode().endswith(r'''init=/bin/prog -- "a" "b c" "" "q\"\\" "$X" "two\nlines"''')


def test_output_comes_while_the_program_runs(prepare, tmp_path):
    flag = tmp_path / "seen"
    wait = f"any(os.path.exists({str(flag)!r}) or time.sleep(0.1) for _ in range(100))"
    with subprocess.Popen(**prepare(f"{HELLO}; say('first'); sys.exit(0 if {wait} else 1)"), stdout=subprocess.PIPE) as process:
        assert os.read(process.stdout.fileno(), 100) == b"first"
        flag.touch()
        assert process.wait() == 0


@pytest.mark.parametrize(("script", "status", "message"), [
    ("say('OpenSBI v1\\n'); time.sleep(60)", 124, "the kernel had printed nothing after 0.5 s"),
    (f"{HELLO}; say('busy'); time.sleep(60)", 124, "the program had not ended after 0.5 s"),
    ("say('OpenSBI v1\\n'); sys.exit(3)", 125, "the machine stopped before the kernel had printed anything"),
    ("sys.stderr.write('qemu: no such machine\\n'); sys.exit(1)", 126, "run: QEMU: qemu: no such machine"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", 126, "run: QEMU was killed by SIGSEGV"),
])
def test_a_machine_that_fails_is_told_from_a_program_that_fails(run, script, status, message):
    done = run(script, "--timeout=0.5")
    assert (done.returncode, message in done.stderr.decode()) == (status, True), done.stderr
    assert done.stdout in (b"", b"busy")


def test_a_silent_kernel_leaves_its_last_lines(run):
    assert "  OpenSBI v1" in run("say('OpenSBI v1\\n'); time.sleep(60)", "--timeout=0.5").stderr.decode()


@pytest.mark.parametrize(("options", "command", "message"), [
    ([], "", "run: CMD= names no program"),
    ([], "/bin/x 'a", "run: CMD=/bin/x 'a: no closing quotation"),
    ([], "'/bin/my prog'", "run: CMD: the program's path cannot hold blanks"),
    (["--root=/no/such/dir"], "/bin/x", "run: ROOT=/no/such/dir: no such directory"),
    (["--root=/etc/passwd"], "/bin/x", "run: ROOT=/etc/passwd: not a directory"),
    (["--smp=many"], "/bin/x", "run: SMP=many: not a number of harts"),
    (["--mem=1kg"], "/bin/x", "run: MEM=1kg: not a size such as 128M"),
    (["--timeout=soon"], "/bin/x", "run: TIMEOUT=soon: not a number of seconds"),
    (["--build=/no/such/build"], "/bin/x", "run: no root file system at /no/such/build"),
])
def test_bad_input_is_named_in_one_line(run, options, command, message):
    done = run("sys.exit(0)", *options, command=command)
    assert done.returncode == 126
    assert done.stderr.decode().startswith(message)
    assert done.stderr.decode().count("\n") == 1


def test_missing_qemu_is_named(prepare):
    call = prepare("pass")
    done = subprocess.run(**call | {"env": {"PATH": "/no/such/dir"}}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (126, "run: qemu-system-riscv64 is not installed; make doctor says how to get it\n")


def test_a_directory_is_laid_over_the_root(run, tmp_path):
    over = tmp_path / "over"
    over.mkdir()
    (over / "note").write_text("hello")
    done = run(f"{HELLO}; say(open(sys.argv[sys.argv.index('-initrd') + 1], 'rb').read())", f"--root={over}")
    assert done.stdout.startswith(b"base070701")
    assert b"note\0" in done.stdout and b"hello" in done.stdout


def test_the_machine_ends_with_its_command(tmp_path, prepare):
    file = tmp_path / "pid"
    process = subprocess.Popen(**prepare(f"open({str(file)!r}, 'w').write(str(os.getpid())); {HELLO}; time.sleep(60)"))
    while not (file.exists() and file.read_text()):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text()), 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_are_found_however_the_bytes_arrive(size):
    stream = b"firm\x1eware\x1en:one\x1fab\x1e\x1en:two\x1f\x1en\x1e"
    splitter = console.Splitter("n")
    pieces = [piece for at in range(0, len(stream), size) for piece in splitter.feed(stream[at:at + size])]
    pieces += splitter.finish()
    text = {source: b"".join(data for kind, data in pieces if kind == source)
            for source in (console.FIRMWARE, console.KERNEL, console.PROGRAM)}
    assert text == {"firmware": b"firm\x1eware", "kernel": b"onetwo", "program": b"ab\x1e\x1en\x1e"}
