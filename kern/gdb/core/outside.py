"""Physical memory by owner as it shows without the kernel's own records, for a kernel that has none yet or has spoilt them: the kernel's
image by its ELF file, the device tree by its magic number and the initramfs by what it says, page tables and users' pages by the satp
of each hart. What none of these tells is `unknown`."""

import gdb

from astrolabe.core import kernel, memory
from astrolabe.core.memory import PAGE, Corrupt
from astrolabe.core.place import linker_symbol
from astrolabe.core.sv39 import U, Table, span

KERNEL_START, KERNEL_END = 0x8020_0000, "kernel_end"
MAGIC, PROPERTY, ALIGNMENT = bytes.fromhex("d00dfeed"), b"\0\0\0\3", 2 << 20
SV39 = 8


def uses():
    """The owner of each frame of RAM, in order."""
    start, end = memory.ram()[0]
    found = ["unknown"] * ((end - start) // PAGE)

    def mark(first, last, use):
        for number in range(max(first, start) // PAGE, -(-min(last, end) // PAGE)):
            found[number - start // PAGE] = use

    mark(start, KERNEL_START, "firmware")
    try:
        mark(KERNEL_START, linker_symbol(KERNEL_END) - memory.DIRECT_MAP, "kernel")
    except Corrupt:
        pass  # another kernel's ELF file
    for first, last, use in device_tree(start, end):
        mark(first, last, use)
    for root in roots():
        for first, last, use in reached(root, 2):
            mark(first, last, use)
    return found


def device_tree(start, end):
    for at in range(start, end, ALIGNMENT):
        header = memory.read_physical(at, 40)
        if header.startswith(MAGIC):
            size = int.from_bytes(header[4:8], "big")
            yield at, at + size, "device_tree"
            blob = memory.read_physical(at, min(size, end - at))
            first, last = (number_of(blob, f"linux,initrd-{word}") for word in ("start", "end"))
            if first and last:
                yield first, last, "initramfs"
            return


def number_of(blob, name):
    """The property's value, 0 when the tree has none (devicetree.org, the flattened format)."""
    structure, strings = (int.from_bytes(blob[at : at + 4], "big") for at in (8, 12))
    place = blob.find(name.encode() + b"\0", strings)
    name_offset = (place - strings).to_bytes(4, "big") if place >= 0 else None
    for size in (4, 8):
        at = blob.find(PROPERTY + size.to_bytes(4, "big") + name_offset, structure) if name_offset else -1
        if at >= 0:
            return int.from_bytes(blob[at + 12 : at + 12 + size], "big")
    return 0


def roots():
    """The page tables the harts use."""
    previous, found = gdb.selected_thread(), set()
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        satp = kernel.register("satp")
        if satp >> 60 == SV39:
            found.add((satp & (1 << 44) - 1) << 12)
    previous.switch()
    return found


def reached(table, level):
    """(first, last, use) of a page table and what it leads to; a broken entry leads nowhere."""
    if not memory.is_ram(table, PAGE):
        return
    yield table, table + PAGE, "page_table"
    data = memory.read_physical(table, PAGE)
    for index in range(512):
        bits = int.from_bytes(data[8 * index : 8 * index + 8], "little")
        frame = bits << 2 & (1 << 56) - PAGE
        if not bits & 1:
            continue
        if bits & 0xE:
            if bits & U and memory.is_ram(frame, span(level)):
                yield frame, frame + span(level), "user"
        elif level:
            yield from reached(frame, level - 1)
