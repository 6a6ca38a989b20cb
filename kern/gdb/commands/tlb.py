"""tlb: which hart translates by which table, and who must forget."""

import gdb

from astrolabe.core import kernel
from astrolabe.core.command import command, guarded, number
from astrolabe.core.memory import Corrupt
from astrolabe.core.sv39 import Table

USAGE = "tlb [ADDRESS]"


@command("tlb")
def tlb(arguments):
    """Show by which page table each hart translates, and whether the kernel's book of it is right.

    tlb                    each hart: its satp, the process it is of, and whether flushes reach it
    tlb ADDRESS            what each hart would find for an address in its table now

A hart may have cached translations of a space while its bit in active_harts is set; flushes go to those harts. A hart that
translates by a table without its bit set is never told to forget: a stale translation. What a TLB holds cannot be seen from
outside, neither on a board nor in QEMU; what it must not hold any more is what the table says."""
    address = number(" ".join(arguments)) if arguments else None
    spaces = list(known_spaces())
    previous = gdb.selected_thread()
    try:
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda item: item.num):
            thread.switch()
            yield from guarded(hart_lines(spaces, address))
    finally:
        previous.switch()


def known_spaces():
    for process in kernel.processes():
        try:
            space = process.vmar()
            if space:
                yield process, space, space.root(), space.active_harts()
        except Corrupt:
            continue


def hart_lines(spaces, address):
    hart, satp = kernel.selected_hart(), kernel.register("satp")
    name = f"hart {hart.index if hart else f'(firmware id {kernel.cpu_number()})'}"
    root = (satp & (1 << 44) - 1) << 12
    if satp >> 60 == 0:
        yield f"{name}  satp off: addresses are physical"
        return
    owner = next((item for item in spaces if item[2] == root), None)
    yield f"{name}  {kernel.mode():<6} root {root:#x}  " + (f"pid {owner[0].pid} {owner[0].name()}" if owner else "the kernel's table alone")
    if owner and hart and not owner[3] >> hart.index & 1:
        yield f"  <- its bit is not set in active_harts ({owner[3]:#x}) of that space: flushes do not reach it"
    if hart:
        for process, _, space_root, bits in spaces:
            if bits >> hart.index & 1 and space_root != root:
                yield f"  its bit is still set for pid {process.pid} {process.name()}: it may hold translations of that space, and is flushed"
    if address is not None:
        entry = Table(root).leaf(address)
        yield f"  {address:#x}: level {entry.level} entry {entry.bits:#018x} {entry.flags() if entry.bits else 'empty'}"
