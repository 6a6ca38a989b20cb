"""Files that look like programs and are not: each is refused with the right errno, or dies alone; the kernel goes on.

What Linux says to the same files is asked where Linux is at hand. Where Astrolabe is stricter on purpose (it refuses before
the old program is gone what Linux finds out too late), STRICTER says so.
"""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from grade.tests.conftest import plain_environment

ROOT = Path(__file__).resolve().parents[2]
NO_KERNEL = 77
ENOENT, ENOEXEC, ELOOP, ELIBBAD = 2, 8, 40, 80

# li a0, 42; li a7, 93; ecall
CODE = struct.pack("<III", 0x02A00513, 0x05D00893, 0x00000073)
BASE = 0x100000
HEADER, PROGRAM_HEADER = 64, 56
PT_LOAD, PT_INTERP, PT_GNU_STACK = 1, 3, 0x6474E551
R, W, X = 4, 2, 1


def segment(kind=PT_LOAD, flags=R | X, offset=0, vaddr=BASE, filesz=0x1000, memsz=None, align=0x1000):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, vaddr, vaddr, filesz, filesz if memsz is None else memsz, align)


def elf(segments=None, magic=b"\x7fELF", cls=2, data=1, version=1, kind=2, machine=243, entry=BASE + 0x800, phoff=HEADER,
        phentsize=PROGRAM_HEADER, phnum=None, size=0x1000, tail=b""):
    segments = [segment()] if segments is None else segments
    count = len(segments) if phnum is None else phnum
    header = magic + bytes([cls, data, version]) + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, entry, phoff, 0, 0, HEADER, phentsize, count, 0, 0, 0)
    body = bytearray((header + b"".join(segments)).ljust(0x800, b"\0") + CODE)
    return bytes(body.ljust(size, b"\0"))[:size] + tail


def with_interpreter(name: bytes, **options):
    image = bytearray(elf([segment(PT_INTERP, offset=0x900, filesz=len(name), **options), segment()]))
    image[0x900:0x900 + len(name)] = name
    return bytes(image)


NOT_A_PROGRAM = f"error {ENOEXEC}"
FILES = {
    "00-good": (elf(), "exit 42"),
    "01-empty": (b"", NOT_A_PROGRAM),
    "02-one-byte": (b"\x7f", NOT_A_PROGRAM),
    "03-text": (b"hello, world\n" * 10, NOT_A_PROGRAM),
    "04-magic-only": (b"\x7fELF", NOT_A_PROGRAM),
    "05-cut-in-header": (elf()[:63], NOT_A_PROGRAM),
    "06-wrong-magic": (elf(magic=b"\x7fELG"), NOT_A_PROGRAM),
    "07-32-bit": (elf(cls=1), NOT_A_PROGRAM),
    "08-big-endian": (elf(data=2), NOT_A_PROGRAM),
    "09-x86": (elf(machine=62), NOT_A_PROGRAM),
    "10-relocatable": (elf(kind=1), NOT_A_PROGRAM),
    "11-core-dump": (elf(kind=4), NOT_A_PROGRAM),
    "12-phentsize-32": (elf(phentsize=32), NOT_A_PROGRAM),
    "13-phentsize-0": (elf(phentsize=0), NOT_A_PROGRAM),
    "14-no-headers": (elf(phnum=0), NOT_A_PROGRAM),
    "15-65535-headers": (elf(phnum=65535), NOT_A_PROGRAM),
    "16-headers-past-the-end": (elf(phoff=0x10000), NOT_A_PROGRAM),
    "17-headers-at-2-to-the-63": (elf(phoff=1 << 63), NOT_A_PROGRAM),
    "18-headers-wrap": (elf(phoff=(1 << 64) - 56), NOT_A_PROGRAM),
    "19-headers-across-the-end": (elf(phnum=3)[:180], NOT_A_PROGRAM),
    "20-nothing-to-load": (elf([segment(PT_GNU_STACK, filesz=0)]), NOT_A_PROGRAM),
    "21-filesz-over-memsz": (elf([segment(filesz=0x1000, memsz=0x800)]), NOT_A_PROGRAM),
    "22-offset-not-congruent": (elf([segment(offset=0x10)]), NOT_A_PROGRAM),
    "23-segment-past-the-file": (elf([segment(offset=0x100000)]), NOT_A_PROGRAM),
    "24-offset-wraps": (elf([segment(offset=(1 << 64) - 0x1000, filesz=0x2000)]), NOT_A_PROGRAM),
    "25-address-wraps": (elf([segment(vaddr=(1 << 64) - 0x1000, filesz=0x1000, memsz=0x3000)]), NOT_A_PROGRAM),
    "26-address-in-the-kernel": (elf([segment(vaddr=0xFFFFFFC080200000)]), NOT_A_PROGRAM),
    "27-memsz-huge": (elf([segment(memsz=1 << 62)]), NOT_A_PROGRAM),
    "28-below-64-KiB": (elf([segment(vaddr=0x1000)], entry=0x1800), NOT_A_PROGRAM),
    "29-at-null": (elf([segment(vaddr=0)], entry=0x800), NOT_A_PROGRAM),
    "30-segments-overlap": (elf([segment(), segment(flags=R | W)]), NOT_A_PROGRAM),
    "31-align-not-a-power": (elf([segment(align=0x1001)]), NOT_A_PROGRAM),
    "32-entry-in-the-kernel": (elf(entry=0xFFFFFFC080200000), NOT_A_PROGRAM),
    "33-entry-not-mapped": (elf(entry=0x900000), "signal 11"),
    "34-entry-not-executable": (elf([segment(flags=R)]), "signal 11"),
    "35-interpreter-missing": (with_interpreter(b"/no/such/ld.so\0"), f"error {ENOENT}"),
    "36-interpreter-unterminated": (with_interpreter(b"/lib/ld.so"), NOT_A_PROGRAM),
    "37-interpreter-empty": (with_interpreter(b"\0"), NOT_A_PROGRAM),
    "38-interpreter-no-elf": (with_interpreter(b"/elf/03-text\0"), f"error {ELIBBAD}"),
    "39-interpreter-past-the-end": (elf([segment(PT_INTERP, offset=0x100000, filesz=8), segment()]), NOT_A_PROGRAM),
    "40-bss-alone": (elf([segment(), segment(flags=R | W, vaddr=BASE + 0x10000, filesz=0, memsz=0x5000)]), "exit 42"),
    "41-file-shorter-than-its-page": (elf()[:0x80C], NOT_A_PROGRAM),
    "42-script-without-interpreter": (b"#!\n", NOT_A_PROGRAM),
    "43-script-of-spaces": (b"#!    \n", NOT_A_PROGRAM),
    "44-script-interpreter-missing": (b"#!/no/such\n", f"error {ENOENT}"),
    "45-script-of-itself": (b"#!/elf/45-script-of-itself\n", f"error {ELOOP}"),
    "46-script-without-newline": (b"#!/elf/00-good", "exit 42"),
}
# Linux maps these and lets the program die, or refuses them with another errno for its own layout's reasons.
STRICTER = {"08", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "39", "41"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    where = tmp_path_factory.mktemp("root")
    (where / "bin").mkdir()
    (where / "elf").mkdir()
    subprocess.run(["riscv64-linux-gnu-gcc", "-O2", "-static", "-o", where / "bin/try_exec",
                    ROOT / "grade/tests/programs/try_exec.c"], check=True)
    for name, (content, _) in FILES.items():
        (where / "elf" / name).write_bytes(content)
        (where / "elf" / name).chmod(0o755)
    return where


def outcomes(done):
    lines = done.stdout.decode().splitlines()
    assert lines and lines[-1] == "alive", done.stdout.decode() + done.stderr.decode()
    return {line.split(":")[0].removeprefix("/elf/"): line.split(": ")[1] for line in lines[:-1]}


def test_each_file_is_refused_or_dies_alone(root):
    done = subprocess.run(["make", "-s", "run", "CMD=/bin/try_exec", f"ROOT={root}"], cwd=ROOT, env=plain_environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert outcomes(done) == {name: expected for name, (_, expected) in FILES.items()}


def test_linux_agrees_where_it_should(root):
    done = subprocess.run(["grade/run-on-linux", "--sv39", root, "--", "/bin/try_exec"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode == NO_KERNEL:
        pytest.skip(done.stderr.decode().strip())
    expected = {name: text for name, (_, text) in FILES.items() if name[:2] not in STRICTER}
    assert {name: text for name, text in outcomes(done).items() if name in expected} == expected
