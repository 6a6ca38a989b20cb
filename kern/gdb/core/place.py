"""A place in the kernel's memory together with its C++ type: fields, elements, and the few containers the kernel has.

    Place.of("frame_records").records     a field, at its address; nothing is read yet
    place.number()                              the one number in it (an integer, an Atomic, an Address, a pointer)
    place.target()                              what the one pointer in it points to (a T*, a Ref, an Own); None for null
    place.items()                               a List's elements

A type with one member is as good as that member, so Atomic<Address> needs no name of a field. Everything is read
through core.memory; what cannot be raises Corrupt.
"""

import gdb

from astrolabe.core import memory
from astrolabe.core.memory import Corrupt

LONGEST_LIST = 100_000
SCALARS = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF,
           gdb.TYPE_CODE_RVALUE_REF}
POINTERS = {gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF}


def plain(kind):
    return kind.strip_typedefs().unqualified()


def name_of(kind):
    """`Thread`; str() would say `class Thread` where the selected frame is of a program in C."""
    return plain(kind).name or str(kind)


def kernel_symbol(name, domain=gdb.SYMBOL_VAR_DOMAIN):
    """What the kernel calls so, whatever the programs whose symbols are loaded behind it call so; None: nothing."""
    for kernel in gdb.objfiles()[:1]:  # in this order: looked for among the global names, `heap` is near a second of GDB's time
        return kernel.lookup_static_symbol(name, domain) or kernel.lookup_global_symbol(name, domain)
    return None


def type_named(name):
    symbol = kernel_symbol(name, gdb.SYMBOL_STRUCT_DOMAIN) or kernel_symbol(name)
    if symbol is None:
        raise Corrupt(f"this kernel has no type {name}: is its ELF file loaded, and is it the one that runs?")
    return plain(symbol.type)


class Place:
    def __init__(self, address, kind, bits=None):
        self.address, self.ctype = address, plain(kind)
        self.bitfield = bits  # (first bit, count) of a bit field

    @staticmethod
    def of(name):
        """A global variable, also one that is static to its file."""
        symbol = kernel_symbol(name)
        if symbol is None:
            raise Corrupt(f"this kernel has no variable {name}: is its ELF file loaded?")
        try:
            return Place(int(symbol.value().address), symbol.type)
        except gdb.error:  # extern "C": the linker knows it without its namespace
            return Place(linker_symbol(name.split("::")[-1]), symbol.type)

    def __repr__(self):
        return f"<{self.ctype} at {self.address:#x}>"

    # MEMBERS

    def _fields(self):
        return [field for field in self.ctype.fields() if hasattr(field, "bitpos")]

    def _member(self, field):
        place = Place(self.address + field.bitpos // 8, field.type)
        if field.bitsize:
            place.bitfield = (field.bitpos % 8, field.bitsize)
        return place

    def __getattr__(self, name):
        return self.get(name)

    def get(self, name):
        """The same, for a name that a Place has itself."""
        found = self.find(name)
        if found is None:
            raise Corrupt(f"{self.ctype} has no member {name}: kern/gdb does not fit this kernel")
        return found

    def find(self, name):
        """The member of this name, its own or a base's; None: there is none."""
        for wanted in (name, name + "_"):
            for field in self._fields():
                if not field.is_base_class and field.name == wanted:
                    return self._member(field)
        for field in self._fields():
            if field.is_base_class or not field.name:
                found = self._member(field).find(name)
                if found is not None:
                    return found
        return None

    def base(self, kind_name):
        """The base class (at any depth) whose type has this name."""
        if name_of(self.ctype) == kind_name:
            return self
        for field in self._fields():
            found = self._member(field).base(kind_name) if field.is_base_class else None
            if found is not None:
                return found
        return None

    def member_of_type(self, kind_name):
        for field in self._fields():
            if name_of(field.type) == kind_name:
                return self._member(field)
        raise Corrupt(f"{self.ctype} has no member of type {kind_name}: kern/gdb does not fit this kernel")

    def sole(self):
        """Down to the one scalar this is made of."""
        place = self
        while place.ctype.code not in SCALARS:
            if place.ctype.code != gdb.TYPE_CODE_STRUCT:
                raise Corrupt(f"{self.ctype} is not a number or a pointer")
            members = [field for field in place._fields() if field.type.sizeof and (not field.is_base_class or has_data(field.type))]
            if len(members) != 1:
                raise Corrupt(f"{self.ctype} is not a number or a pointer")
            place = place._member(members[0])
        return place

    # VALUES

    def bytes(self):
        return memory.read(self.address, self.ctype.sizeof)

    def number(self):
        place = self.sole()
        value = int.from_bytes(place.bytes(), "little")
        if place.bitfield:
            return value >> place.bitfield[0] & ((1 << place.bitfield[1]) - 1)
        if place.ctype.code == gdb.TYPE_CODE_INT and getattr(place.ctype, "is_signed", False) and value >> (8 * place.ctype.sizeof - 1):
            value -= 1 << 8 * place.ctype.sizeof
        return value

    def word(self):
        """An enumerator's name, without its class."""
        place = self.sole()
        value = place.number()
        if place.ctype.code != gdb.TYPE_CODE_ENUM:
            return str(value)
        return next((field.name.split("::")[-1] for field in place.ctype.fields() if field.enumval == value), f"?{value}")

    def text(self, limit=256):
        """Characters up to a NUL: of an array, or of what a pointer points to."""
        if self.ctype.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT):
            return self.bytes().split(b"\0")[0].decode(errors="replace")
        return c_string(self.number(), limit)

    def target(self):
        """What the one pointer in this points to; None for null."""
        place = self.sole()
        if place.ctype.code not in POINTERS:
            raise Corrupt(f"{self.ctype} is no pointer")
        address = place.number()
        if address == 0:
            return None
        memory.read(address, 1)
        return Place(address, place.ctype.target())

    def cast(self, name):
        """The object of a derived type whose base this is."""
        derived = Place(self.address, type_named(name))
        base = derived.base(name_of(self.ctype))
        if base is None:
            raise Corrupt(f"{name} is not derived from {self.ctype}")
        return Place(self.address - (base.address - derived.address), derived.ctype)

    def dynamic_type(self):
        """The class an object with virtual functions is of, by its vtable; "" when there is none."""
        place = symbol_at(memory.read_number(self.address))
        return place.removeprefix("vtable for ").split(" + ")[0] if place.startswith("vtable for ") else ""

    # CONTAINERS

    def element(self, index):
        kind = plain(self.ctype.target())
        return Place(self.address + index * kind.sizeof, kind)

    def elements(self):
        """Of an array."""
        low, high = self.ctype.range()
        return [self.element(index) for index in range(high - low + 1)]

    def inside(self):
        """The data of a Locked<T, Lock>."""
        return self.member_of_type(name_of(self.ctype.template_argument(0)))

    def guard(self):
        """The lock of a Locked<T, Lock>."""
        return self.member_of_type(name_of(self.ctype.template_argument(1)))

    def vec(self):
        """(the pointer to its elements, their number) of a Vec, which is a std::span."""
        return self.get("_M_ptr"), self.get("_M_extent").number()

    def items(self, what="list"):
        """The elements of a List, in order. A node that does not fit ends it with Corrupt."""
        head = self._member(self._fields()[0])
        node_name = name_of(head.ctype)
        element_type = plain(self.ctype.template_argument(0))
        inside = Place(0, element_type).base(node_name)
        if inside is None:
            raise Corrupt(f"{element_type} has no {node_name}")
        previous, count = head.address, 0
        address = head.next.number()
        while address != head.address:
            node = Place(address, head.ctype)
            try:
                back = node.prev.number()
            except Corrupt:
                raise Corrupt(f"{what}: the node at {previous:#x} points to {address:#x}, which is no memory of the kernel") from None
            if back != previous:
                raise Corrupt(f"{what}: the node at {address:#x} says that {back:#x} is before it, but {previous:#x} is")
            if count > LONGEST_LIST:
                raise Corrupt(f"{what}: has no end")
            yield Place(address - inside.address, element_type)
            previous, address, count = address, node.next.number(), count + 1


def linker_symbol(name):
    """The address of a symbol by the linker's name, whatever the scope of the selected frame would make of it."""
    language = gdb.parameter("language")
    gdb.execute("set language c", to_string=True)
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}")) & (1 << 64) - 1
    except gdb.error:
        raise Corrupt(f"this kernel has no symbol {name}: is its ELF file loaded?") from None
    finally:
        gdb.execute(f"set language {language}", to_string=True)


def has_data(kind):
    """Whether a class has members at all; an empty base counts a byte and holds nothing."""
    kind = plain(kind)
    return kind.code in SCALARS or kind.code == gdb.TYPE_CODE_ARRAY or any(has_data(field.type) for field in kind.fields()
                                                                          if hasattr(field, "bitpos"))


def c_string(address, limit=256):
    data = b""
    while b"\0" not in data and len(data) < limit:
        data += memory.read(address + len(data), min(64, memory.PAGE - (address + len(data)) % memory.PAGE))
    return data.split(b"\0")[0][:limit].decode(errors="replace")


def symbol_at(address):
    """`name + offset` as GDB says it, or ""."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    return "" if text.startswith("No symbol") else text.split(" in section ")[0].strip()
