"""How print, info locals and backtraces show the kernel's types.

    VirtAddr, PhysAddr   0x10000                    Result    1 value / error ENOMEM
    VirtRange            0x10000-0x12000 (2 pages)  Ref, Own  -> what it owns, or null
    Perms                rw-                        List, IntervalSet   their elements
    Pte                  -> 0x80a41000 VRW.U.AD     Locked    its data, and whether it is held
    TrapFrame            pc, sp, call, registers    Atomic    its value

A link that leads nowhere ends a list with a line that says so; what the compiler left out, or cannot be read, says that.
"""

import gdb
import gdb.printing

from astrolabe.core import linux, words
from astrolabe.core.sv39 import Entry

MOST = 200  # elements of a list
MASK = (1 << 64) - 1


def scalar(value):
    """The one number or pointer a value is made of."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        value = value[next(field for field in value.type.strip_typedefs().fields() if hasattr(field, "bitpos") and field.type.sizeof)]
    return value


def member(value, name):
    """A member, called so with or without a closing underscore."""
    names = {field.name for field in value.type.strip_typedefs().fields()}
    return value[name if name in names else name + "_"]


REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)


class Printer:
    def __init__(self, value):
        self.value = value.referenced_value() if value.type.strip_typedefs().code in REFERENCES else value


class Address(Printer):
    def to_string(self):
        return f"{int(scalar(self.value)) & MASK:#x}"


class Range(Printer):
    def to_string(self):
        start, end = (int(scalar(self.value[name])) & MASK for name in ("start", "end"))
        if end < start:
            return f"{start:#x}-{end:#x} (ends before it begins)"
        return f"{start:#x}-{end:#x} ({words.count((end - start) >> 12, 'page')}{' and a part' if (end - start) % 4096 else ''})"


class Rights(Printer):
    def to_string(self):
        return words.perms(int(scalar(self.value)))


class PageEntry(Printer):
    def to_string(self):
        entry = Entry(0, 0, int(self.value["bits"]) & MASK)
        if not entry.bits:
            return "empty"
        return f"{'table' if entry.is_table() else 'page'} {entry.frame:#x} {entry.flags()}"


class Outcome(Printer):
    """std::expected<T, Errno>"""

    def to_string(self):
        if not self.value["_M_has_value"]:
            return f"error {str(self.value['_M_unex']).split('::')[-1]}"
        if self.value.type.strip_typedefs().template_argument(0).code == gdb.TYPE_CODE_VOID:
            return "ok"
        return f"ok {self.value['_M_val']}"


class Owner(Printer):
    def to_string(self):
        pointer = scalar(self.value)
        return f"-> ({pointer.type}) {int(pointer) & MASK:#x}" if int(pointer) else "null"


class Number(Printer):
    def to_string(self):
        return str(scalar(self.value))


class Chain(Printer):
    """Elements that are found one after the other."""

    def to_string(self):
        return str(self.value.type.strip_typedefs().name)

    def children(self):
        try:
            for index, element in enumerate(self.elements()):
                if index == MOST:
                    yield "...", f"more than {MOST}"
                    return
                yield f"[{index}]", element
        except gdb.error as error:
            yield "!!", f"a link leads nowhere: {error}"


class ListOf(Chain):
    def elements(self):
        kind = self.value.type.strip_typedefs().template_argument(0)
        head = self.value[self.value.type.strip_typedefs().fields()[0]]
        node = head["next"]
        while int(node) != int(head.address):
            yield node.cast(kind.pointer()).dereference()
            node = node["next"]


class Intervals(Chain):
    def elements(self):
        kind = self.value.type.strip_typedefs().template_argument(0)
        tree = self.value[self.value.type.strip_typedefs().fields()[0]]
        node = member(tree, "first")
        while int(node):
            yield node.cast(kind.pointer()).dereference()
            node = node["after"]


class LockedData(Printer):
    def to_string(self):
        lock = member(self.value, "lock")
        text = "locked"
        try:
            holders = int(scalar(lock[lock.type.strip_typedefs().fields()[0]]["holders_"]))
            text = "held by hart " + ", ".join(str(hart) for hart in range(32) if holders >> hart & 1) if holders else "free"
        except (gdb.error, ValueError):
            pass  # a sleeping lock does not say
        return text

    def children(self):
        yield "data", member(self.value, "data")


class Frame(Printer):
    NAMES = ("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "ra", "gp", "tp", "s0", "s1", "t0", "t1", "t2")

    def to_string(self):
        number = int(self.value["a7"]) & MASK
        return f"pc {int(self.value['pc']):#x} sp {int(self.value['sp']):#x}, a7 {number} ({linux.call_name(number)})"

    def children(self):
        for name in self.NAMES:
            yield name, f"{int(self.value[name]) & MASK:#x}"


TABLE = [
    ("address", r"^Address<.*>$", Address),
    ("range", r"^VirtRange$", Range),
    ("perms", r"^Perms$", Rights),
    ("pte", r"^Pte$", PageEntry),
    ("result", r"^std::expected<.*, Errno>$", Outcome),
    ("owner", r"^Owner<.*>$|^FrameRef$", Owner),
    ("atomic", r"^Atomic<.*>$", Number),
    ("list", r"^List<.*>$", ListOf),
    ("intervals", r"^IntervalSet<.*>$", Intervals),
    ("locked", r"^Locked<.*>$", LockedData),
    ("trap frame", r"^arch::TrapFrame$", Frame),
]


def careful(printer):
    """The same printer, that says what cannot be had where GDB would show a fault of Python."""

    class Careful(printer):
        def to_string(self):
            try:
                return super().to_string()
            except (gdb.error, ValueError, OverflowError) as error:
                return "<optimized out>" if self.value.is_optimized_out else f"<{error}>"

    return Careful


def register():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("astrolabe")
    for name, pattern, printer in TABLE:
        printers.add_printer(name, pattern, careful(printer))
    gdb.printing.register_pretty_printer(None, printers, replace=True)
