"""From the kernel's trap code back to the program that trapped.

A backtrace of the kernel ends where the trap came in: what is above is another world, at other addresses. `bt user` goes on: this
unwinder finds the program's registers in the trap frame, which trap.S has at sp as long as it runs.
"""

import gdb
import gdb.unwinder

from astrolabe.core.place import linker_symbol

REGISTERS = ("ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5",
             "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6", "pc")  # as they lie in a TrapFrame
SSTATUS_SUM = 1 << 18  # the kernel may touch user pages
enabled = False


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class TrapUnwinder(gdb.unwinder.Unwinder):
    def __init__(self):
        super().__init__("astrolabe trap")

    def __call__(self, pending):
        if not enabled:
            return None
        pc, sp = pending.read_register("pc"), pending.read_register("sp")
        low, high = (linker_symbol(name) for name in ("trap_entry", "leave_for_user"))
        if not low <= int(pc) & (1 << 64) - 1 < high:
            return None
        word = gdb.lookup_type("unsigned long")
        frame = (int(sp) & (1 << 64) - 1)
        info = pending.create_unwind_info(FrameId(sp, pc))
        for index, name in enumerate(REGISTERS):
            info.add_saved_register(name, gdb.Value(frame + 8 * index).cast(word.pointer()).dereference())
        return info


def crossing(function):
    """Calls function while backtraces cross into the program, whose memory GDB can then read as the kernel would with SUM set."""
    global enabled
    gdb.newest_frame().select()
    status = int(gdb.parse_and_eval("$sstatus"))
    enabled = True
    try:
        gdb.execute(f"set $sstatus = {status | SSTATUS_SUM:#x}", to_string=True)
        gdb.invalidate_cached_frames()
        return function()
    finally:
        enabled = False
        gdb.newest_frame().select()
        gdb.execute(f"set $sstatus = {status:#x}", to_string=True)
        gdb.invalidate_cached_frames()


def register():
    gdb.unwinder.register_unwinder(None, TrapUnwinder(), replace=True)
