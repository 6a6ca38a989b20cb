"""seeds.py BUILD: writes a few small inputs for each fuzzer, from which it makes others, to BUILD/fuzz/seeds/FUZZER/."""

import shutil
import struct
import subprocess
import sys
from pathlib import Path


def header(kind: int, segments: list[bytes]) -> bytes:
    identity = b"\x7fELF\2\1\1".ljust(16, b"\0")
    return identity + struct.pack("<HHIQQQIHHHHHH", kind, 243, 1, 0x10100, 64, 0, 0, 64, 56, len(segments), 0, 0, 0) + b"".join(segments)


def segment(kind: int, flags: int, offset: int, address: int, in_file: int, in_memory: int) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, in_file, in_memory, 4096)


def programs() -> list[bytes]:
    text, data = segment(1, 5, 0, 0x10000, 0x200, 0x200), segment(1, 6, 0x200, 0x11200, 0x100, 0x3000)
    stack, interpreter = segment(0x6474E551, 6, 0, 0, 0, 0), segment(3, 4, 0x200, 0, 4, 4)
    fixed = header(2, [text, data, stack]).ljust(0x200, b"\0") + b"d" * 0x100
    dynamic = header(3, [segment(1, 5, 0, 0, 0x200, 0x200), interpreter]).ljust(0x200, b"\0") + b"/ld\0"
    return [fixed, dynamic]


def archive() -> bytes:
    entries = b""
    for name, content in ((b"etc/motd", b"hello"), (b"TRAILER!!!", b"")):
        numbers = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        entry = b"070701" + b"".join(b"%08x" % number for number in numbers) + name + b"\0"
        entries += entry.ljust((len(entry) + 3) // 4 * 4, b"\0") + content.ljust((len(content) + 3) // 4 * 4, b"\0")
    return entries


def device_tree(target: Path) -> bytes:
    """As QEMU makes it for the machine, without the zeroes behind it."""
    blob = target / "machine.dtb"
    subprocess.run(["qemu-system-riscv64", "-machine", f"virt,dumpdtb={blob}", "-display", "none"], check=True, capture_output=True)
    size = int.from_bytes(blob.read_bytes()[4:8], "big")
    return blob.read_bytes()[:size]


def main() -> None:
    target = Path(sys.argv[1]) / "fuzz/seeds"
    shutil.rmtree(target, ignore_errors=True)  # with what earlier runs found, so that each run is the same
    target.mkdir(parents=True)
    seeds = {
        "elf": programs(),
        "cpio": [archive(), archive() * 2],
        "device_tree": [device_tree(target)],
        "init_stack": [b"\0\x08\3\2sh\0-c\0true\0HOME=/\0PATH=/bin\0/bin/sh\0", b"\x20\0\1\0" + b"x" * 3000],
        # map, store, protect, unmap, fork, store; a file mapped shared, resized, moved, advised
        "vmar": [bytes([0, 4, 7, 3, 6, 4, 7, 1, 3, 5, 1, 1, 2, 7, 0, 0, 8, 0, 0, 1, 6, 4, 7, 3]),
                 bytes([0, 4, 7, 0x63, 6, 4, 7, 1, 9, 0, 0, 4, 4, 4, 3, 0x37, 5, 4, 7, 1, 7, 9, 0, 5])],
    }
    for name, inputs in seeds.items():
        (target / name).mkdir()
        for number, data in enumerate(inputs):
            (target / name / f"seed-{number}").write_bytes(data)
    (target / "machine.dtb").unlink()


if __name__ == "__main__":
    main()
