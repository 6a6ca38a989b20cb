"""The machine's memory, read as it is: by physical address, whatever mode the hart is in and whatever its page table says.

GDB itself reads as the selected hart would. In user mode that hart cannot see the kernel, in the kernel not the user, and
in the firmware neither; and a broken page table hides just what one wants to look at. So the commands ask QEMU for physical
memory, and translate by themselves. Only RAM is read: reading a device could change it.
"""

import contextlib
import os
import re
import tempfile

import gdb

PAGE = 4096
DIRECT_MAP = 0xFFFF_FFC0_0000_0000  # the kernel's view: physical address 0 stands there
MTIME = 0x200_BFF8  # physical
BULK = 64 * 1024  # from here on QEMU writes a file, which is faster


class Corrupt(Exception):
    """What is in memory cannot be what it should be; the text says what and where."""


class NoMachine(Exception):
    """There is nothing to look at."""


_pages = {}  # page number -> bytes, for one command
_ram = []  # (start, end) of RAM
_depth = 0


@contextlib.contextmanager
def session():
    """Within, memory is read physically, and each page once. Nothing runs meanwhile."""
    global _depth
    if _depth == 0:
        _pages.clear()
        _connection().send_packet("Qqemu.PhyMemMode:1")
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if _depth == 0:
            _pages.clear()
            _connection().send_packet("Qqemu.PhyMemMode:0")


def _connection():
    connection = gdb.selected_inferior().connection
    if connection is None or not hasattr(connection, "send_packet") or gdb.selected_thread() is None:
        raise NoMachine("no machine is attached; make gdb starts one")
    return connection


def ram():
    """The ranges of RAM, from QEMU's own list."""
    if not _ram:
        tree = gdb.execute("monitor info mtree -f", to_string=True)
        found = {(int(start, 16), int(end, 16) + 1) for start, end in re.findall(r"(\w{16})-(\w{16}) \(prio \d+, ram\)", tree)}
        _ram.extend(sorted(found) or [(0x8000_0000, 0x8000_0000 + (128 << 20))])
    return _ram


def is_ram(physical, size=1):
    return any(start <= physical and physical + size <= end for start, end in ram())


def read_physical(address, size):
    if not is_ram(address, size):
        raise Corrupt(f"physical address {address:#x} is not RAM")
    if size >= BULK:
        return _read_bulk(address, size)
    data = b""
    for page in range(address // PAGE, (address + size - 1) // PAGE + 1):
        data += _page(page)
    return data[address % PAGE : address % PAGE + size]


def _page(number):
    if number not in _pages:
        try:
            _pages[number] = gdb.selected_inferior().read_memory(number * PAGE, PAGE).tobytes()
        except gdb.error as error:
            raise Corrupt(f"physical address {number * PAGE:#x} cannot be read: {error}") from None
    return _pages[number]


def _read_bulk(address, size):
    with tempfile.TemporaryDirectory(prefix="astrolabe-") as folder:
        path = os.path.join(folder, "memory")
        gdb.execute(f'monitor pmemsave {address:#x} {size:#x} "{path}"', to_string=True)
        if os.path.exists(path) and os.path.getsize(path) == size:
            with open(path, "rb") as file:
                return file.read()
    return b"".join(_page(page) for page in range(address // PAGE, -(-(address + size) // PAGE)))[address % PAGE :][:size]


def read(address, size):
    """Bytes at an address of the kernel."""
    physical = address - DIRECT_MAP
    if not 0 <= physical < 1 << 38:
        raise Corrupt(f"{address:#x} is no address of the kernel")
    if not is_ram(physical, size):
        raise Corrupt(f"{address:#x} lies outside the memory of the machine")
    return read_physical(physical, size)


def machine_time():
    """The machine's clock: the register mtime of the board (CLINT), which reading does not change; ten million ticks a second."""
    with session():
        return int.from_bytes(bytes.fromhex(_connection().send_packet(f"m{MTIME:x},8").decode()), "little")


def read_number(address, size=8):
    return int.from_bytes(read(address, size), "little")
