"""The root file system from its archive, and the terminal, as a person at the keyboard meets them."""

import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).resolve().parents[2]
CAT = ROOT / "build/user/root/bin/cat"
LS = ROOT / "build/user/root/bin/ls"
SH = ROOT / "build/user/root/bin/sh"
TOOLS = ROOT / "build/user/root/bin/tools"


def entry(name, mode=0o100755, data=b"", inode=0, links=1, size=None):
    fields = [inode, mode, 0, 0, links, 0, len(data) if size is None else size, 0, 0, 0, 0, len(name) + 1, 0]
    head = (b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0")
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


TRAILER = entry("TRAILER!!!", 0)
DIRECTORY, LINK = 0o040755, 0o120777


def boot(tmp_path, archive, command):
    """make run with this archive in place of the root file system's own."""
    build = tmp_path / "build"
    build.mkdir()
    shutil.copy(ROOT / "build/kernel.elf", build)
    (build / "initramfs.cpio").write_bytes(archive)
    words = ["python3", "-m", "grade.run", "run", f"--build={build}", f"--command={command}", "--timeout=60"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False, text=True)


def base():
    return entry("bin", DIRECTORY) + entry("bin/cat", data=CAT.read_bytes()) + entry("bin/ls", data=LS.read_bytes())


def test_later_entries_replace_and_links_lead_on(tmp_path):
    first = base() + entry("a", data=b"old a\n") + entry("to", LINK, b"b") + entry("dir", DIRECTORY) + TRAILER
    second = (entry("a", data=b"new a\n") + entry("b", inode=5, links=2) + entry("c", data=b"shared\n", inode=5, links=2)
              + entry("dir", DIRECTORY) + entry("./dir/f", data=b"inside\n") + TRAILER)
    done = boot(tmp_path, first + bytes(512) + second + bytes(100), "/bin/cat /a /b /c /to /dir/f")
    assert done.stdout == "new a\nshared\nshared\nshared\ninside\n", done.stderr
    assert done.returncode == 0


def on_a_page(before, name, data, **options):
    """An entry behind these bytes whose content begins a page."""
    size = -(len(before) + 110 + len(name) + 1) % 4096 + len(name)
    return entry(name.ljust(size, "\0"), data=data, **options)


def test_pages_of_the_archive_become_the_files(tmp_path):
    """Also when a file is replaced, has its content twice, or ends within a page; what is stored later goes nowhere else."""
    archive, text = base(), {size: (f"{size:7}\n" * 2000)[:size].encode() for size in (4096, 5000, 12288, 16000)}
    archive += entry("bin/sh", data=SH.read_bytes()) + entry("bin/cp", data=TOOLS.read_bytes())
    archive += on_a_page(archive, "gone", text[16000])
    archive += on_a_page(archive, "two", text[5000], inode=9, links=2)
    archive += on_a_page(archive, "names", text[12288], inode=9, links=2)
    archive += on_a_page(archive, "gone", text[4096])
    archive += on_a_page(archive, "next", text[16000])
    done = boot(tmp_path, archive + TRAILER, "/bin/sh -c 'cat two gone; cp next copy; echo x > next; cat copy names next'")
    assert done.returncode == 0, done.stderr
    assert done.stdout.encode() == text[12288] + text[4096] + text[16000] + text[12288] + b"x\n"


def test_what_lies_under_dev_and_proc_is_hidden(tmp_path):
    """A root file system of another machine has devices and folders there."""
    archive = base() + b"".join(entry(name, mode) for name, mode in [
        ("dev", DIRECTORY), ("dev/null", 0o100644), ("./dev/pts", DIRECTORY), ("./dev/pts/ptmx", 0o100644), ("/proc", DIRECTORY),
        ("/proc/.keep", 0o100644), ("proc/1", DIRECTORY), ("proc/1/maps", 0o100644), ("devil", DIRECTORY), ("devil/f", 0o100644),
    ]) + TRAILER
    done = boot(tmp_path, archive, "/bin/ls /devil")
    assert done.stdout == "f\n", done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("archive", "words"), [
    (lambda: b"\x1f\x8b" + bytes(range(256)), "no cpio header"),
    (lambda: base(), "ends without its TRAILER!!!"),
    (lambda: base() + entry("f", data=b"x", size=0xFFFFFFFF), "content of a file is cut off"),
    (lambda: base()[:-200], "content of a file is cut off"),
    (lambda: base() + entry("no/f") + TRAILER, "no/f: its directory is missing"),
    (lambda: base() + entry("bin/cat/f") + TRAILER, "bin/cat/f: its directory is a file"),
    (lambda: base() + entry("bin", data=b"x") + TRAILER, "bin: a directory that is not empty is in its place"),
    (lambda: base() + entry("x" * 256) + TRAILER, "a name is longer than 255 bytes"),
], ids=["compressed", "no trailer", "vast file", "cut off", "no directory", "below a file", "over a directory", "long name"])
def test_a_malformed_archive_is_one_clear_line(tmp_path, archive, words):
    done = boot(tmp_path, archive(), "/bin/cat")
    assert [line for line in done.stderr.splitlines() if line.startswith("initramfs: ") and words in line], done.stderr
    assert done.returncode != 0 and done.stdout == ""


def test_more_files_than_memory_is_one_clear_line(tmp_path):
    small = b"".join(entry(f"f{number}", data=b"x") for number in range(40_000))  # each takes a page
    done = boot(tmp_path, base() + small + TRAILER, "/bin/cat")
    assert "the memory is full" in done.stderr
    assert done.returncode != 0


@pytest.fixture
def shell():
    """make qemu at its prompt, on a terminal."""
    child = pexpect.spawn("make", ["-s", "qemu"], cwd=str(ROOT), timeout=60, encoding="latin1")
    child.expect(r"\$ ")
    yield child
    child.close(force=True)


def types(shell, keys, answer):
    shell.send(keys)
    shell.expect(answer)
    shell.expect(r"\n\$ ")


def test_a_line_can_be_corrected(shell):
    types(shell, "echo helpo\x7f\x7flo wrld\x7f\b\x7forld\r", r"\nhello world\r")
    types(shell, "echo gone\x15echo kept\r", r"\nkept\r")
    types(shell, "echo two words\x17\x17three\r", r"\nthree\r")


def test_keys_end_input_and_programs(shell):
    shell.send("cat\rline\r")
    shell.expect(r"line\r+\nline\r+\n")
    shell.send("\x04")
    shell.expect(r"\$ ")
    shell.send("cat\rab\x04")
    shell.expect("abab")
    shell.send("\x04")
    shell.expect(r"\$ ")
    shell.send("cat\rheard\r")
    shell.expect(r"heard\r+\nheard\r+\n")  # it runs: keys are its own from here on
    types(shell, "x\x03", r"\^C")
    types(shell, "echo $?\r", r"\n130\r")
    shell.send("\x03")
    shell.expect(r"\^C")
    types(shell, "echo alive\r", r"\nalive\r")
    shell.send("exit 0\r")
    shell.expect(pexpect.EOF)
