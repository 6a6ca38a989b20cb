"""The kernel's structures as the commands see them. Every C++ name that kern/gdb knows stands in this file and in core/files.py
and core/locks.py; a member may be called with or without its closing underscore.

What is not plausible raises Corrupt, with what could be read before it already given out.
"""

import dataclasses

import gdb

from astrolabe.core import memory, sv39
from astrolabe.core.memory import Corrupt
from astrolabe.core.place import Place, symbol_at, type_named

HARTS = "kern::arch::harts"
FRAMES = "kern::frame_records"
BUDDIES = "kern::(anonymous namespace)::buddies"
HEAP = "kern::(anonymous namespace)::heap"
SLOT_SIZES = "kern::(anonymous namespace)::SLOT_SIZES"
TREE = "kern::tree"
QUEUES = "kern::(anonymous namespace)::queues"
USER_THREAD = "kern::UserThread"
VM_MAPPING = "kern::VmMapping"
FILE = "kern::File"

LOWEST_USER = 0x1_0000
USER_CAP = (1 << 38) - memory.PAGE
USER_HALF_END = 1 << 38
KERNEL_STACK_SIZE = 4 * memory.PAGE


def constant(name, fallback=0):
    """A constexpr number of the kernel's, from its debug information."""
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error:
        return fallback


# HARTS AND THREADS


class Hart:
    def __init__(self, place):
        self.place = place
        self.index = place.index.number()
        self.firmware_id = place.firmware_id.number()
        self.thread_place = place.thread.target()

    def thread(self):
        """Who runs here; None before the scheduler knows it."""
        return Thread(self.thread_place) if self.thread_place else None

    def space_address(self):
        return place_address(self.place.space)

    def held_ranks(self):
        return self.place.held_locks.number()


def place_address(pointer):
    return pointer.sole().number()


def harts():
    """Those that run threads; the booting one is the first."""
    return [hart for hart in map(Hart, Place.of(HARTS).elements()) if hart.thread_place]


def cpu_number(thread=None):
    """GDB's thread is a hart: QEMU's number of it, which is its firmware id on this machine."""
    return (thread or gdb.selected_thread()).num - 1


def selected_hart():
    """The hart GDB looks at; None as long as the kernel has not set it up."""
    return next((hart for hart in harts() if hart.firmware_id == cpu_number()), None)


def register(name):
    """A register of the selected hart as it is now, whichever stack frame is selected."""
    return int(gdb.newest_frame().read_register(name)) & (1 << 64) - 1


def mode():
    return {0: "user", 1: "kernel", 3: "firmware"}.get(register("priv"), "?")


class Thread:
    def __init__(self, place):
        self.place = place
        self.address = place.address

    def is_user(self):
        """Idle threads and the kernel's own have no process."""
        return self.place.dynamic_type() == USER_THREAD

    def user(self):
        return self.place.cast(USER_THREAD)

    def tid(self):
        return self.user().tid.number() if self.is_user() else 0

    def process(self):
        place = self.user().process.target() if self.is_user() else None
        return Process(place) if place else None

    def state(self):
        return self.place.state.word()

    def hart_index(self):
        return self.place.get("hart").number()

    def wake_time(self):
        return self.place.wake_time.number()

    def trap_frame(self):
        """The registers of its program, at the top of its kernel stack."""
        return self.place.context.user_frame.target()

    def saved_registers(self):
        """(pc, sp, frame pointer) where it left off in the kernel; only of one that does not run."""
        context = self.place.context
        return context.ra.number(), context.sp.number(), context.get("s").element(0).number()

    def stack_base(self):
        return place_address(self.place.get("stack"))


def call_chain(pc, frame_pointer, most=24):
    """Return addresses in the kernel, innermost first, along the frame pointers (kern/arch/riscv/panic_report.cpp has the
    picture)."""
    yield pc
    for _ in range(most):
        try:
            back, caller = memory.read_number(frame_pointer - 8), memory.read_number(frame_pointer - 16)
        except Corrupt:
            return
        if not function_of(back):
            return
        yield back
        if caller <= frame_pointer:
            return
        frame_pointer = caller


def function_of(address):
    """The kernel's function an address lies in, without its arguments; "" outside."""
    return without_arguments(symbol_at(address).split(" + ")[0]) if address >= memory.DIRECT_MAP else ""


def without_arguments(name):
    """`kern::Result<int> kern::f<int>(kern::MapRequest const&)` -> `kern::f<int>`"""
    name, depth, begin = name.replace("(anonymous namespace)", "{anonymous}"), 0, 0
    for index, character in enumerate(name):
        if depth == 0 and character == "(":
            name = name[:index]
            break
        if depth == 0 and character == " ":
            begin = index + 1
        depth += (character in "<(") - (character in ">)")
    return name[begin:].replace("{anonymous}", "(anonymous namespace)")


# PROCESSES


class Process:
    def __init__(self, place):
        self.place = place
        self.address = place.address
        self.pid = place.pid.number()

    def state(self):
        return self.place.get("state").inside()

    def name(self):
        return self.state().name.text()

    def parent_pid(self):
        return self.place.parent_pid.number()

    def group(self):
        return self.place.group.number()

    def is_zombie(self):
        return bool(self.place.is_zombie.number())

    def is_stopped(self):
        return bool(self.state().is_stopped.number())

    def wait_status(self):
        return self.state().wait_status.number()

    def threads(self):
        for place in self.state().threads.items(f"threads of pid {self.pid}"):
            yield Thread(Place(place.address, place.ctype).base("kern::Thread"))

    def vmar(self):
        """Its address space; None when it has ended."""
        place = self.place.vmar.inside().target()
        return Vmar(place) if place else None

    def open_files(self):
        """(number, File's Place, whether it closes at exec) of each open descriptor."""
        slots = self.place.files.table.slots.inside()
        first, count = slots.get("items").target(), slots.get("size").number()
        if count > 1 << 16:
            raise Corrupt(f"descriptors of pid {self.pid}: {count} cannot be")
        for fd in range(count if first else 0):
            slot = Place(first.address + fd * first.ctype.sizeof, first.ctype)
            file = slot.file.target()
            if file:
                yield fd, file, bool(slot.close_on_exec.number())


def processes():
    """By number, zombies too."""
    numbers = Place.of(TREE).inside().numbers
    entry = numbers.element(0).ctype
    at = entry.fields()[[field.name for field in entry.fields()].index("process")].bitpos // 8
    data, size = numbers.bytes(), entry.sizeof
    for number in range(len(data) // size):
        address = int.from_bytes(data[number * size + at : number * size + at + 8], "little")
        if not address:
            continue
        memory.read(address, 1)
        process = Process(Place(address, type_named("kern::Process")))
        if process.pid != number:
            raise Corrupt(f"process number {number} at {address:#x} says that its pid is {process.pid}")
        yield process


def kernel_threads():
    """The threads without a process that a hart has: those that run, wait in a queue, or are idle."""
    seen = set()
    for queue in Place.of(QUEUES).elements():
        if not queue.idle.number():
            continue
        places = [queue.idle.target(), queue.current.target(), *queue.ready.items("run queue"), *queue.sleepers.items("sleepers")]
        for place in places:
            if place and place.address not in seen:
                seen.add(place.address)
                if not Thread(place).is_user():
                    yield Thread(place)


def selected_process():
    """Whose program the selected hart runs, or works for; None for an idle or a booting one."""
    hart = selected_hart()
    thread = hart.thread() if hart else None
    return thread.process() if thread else None


def process_of(pid):
    """The process of a number, or of the selected hart for None; Corrupt with a hint when there is none."""
    if pid is None:
        process = selected_process()
        if process is None:
            raise Corrupt("this hart runs no program now; name a process by its number (procs lists them)")
        return process
    for process in processes():
        if process.pid == pid:
            return process
    raise Corrupt(f"there is no process {pid}; procs lists them")


# ADDRESS SPACES


@dataclasses.dataclass
class Mapping:
    place: Place
    start: int
    end: int
    perms: int  # R 1, W 2, X 4
    may_perms: int
    is_shared: bool
    what: str  # ordinary, stack, vdso, vvar
    grows_down: bool
    marks: int
    offset: int
    vmo: int  # its address; 0: anonymous
    path: str


class Vmar:
    def __init__(self, place):
        self.place = place
        self.process_vm = place.process_vm

    def set(self):
        return self.place.mappings.inside().get("set")

    def total_bytes(self):
        return self.place.mappings.inside().total_bytes.number()

    def mappings(self):
        """Ascending. A set that is not in order, or has a link to nowhere, ends in Corrupt."""
        tree = self.set()
        node, seen, low = tree.first.target(), 0, 0
        size = tree.get("size").number()
        before = 0
        while node:
            mapping = read_mapping(node.cast(VM_MAPPING))
            if node.before.number() != before:
                raise Corrupt(f"mapping at {mapping.start:#x}: its link to the mapping before it is wrong")
            if mapping.start < low or mapping.end <= mapping.start:
                raise Corrupt(f"mapping {mapping.start:#x}-{mapping.end:#x} begins before the one below it ends ({low:#x}), or is empty")
            yield mapping
            before, low, seen = node.address, mapping.end, seen + 1
            if seen > size:
                raise Corrupt(f"more mappings are linked than the set counts ({size})")
            node = node.after.target()
        if seen != size:
            raise Corrupt(f"{seen} mappings are linked, but the set counts {size}")

    def table(self):
        return sv39.Table(self.root())

    def page_table(self):
        return self.place.space.table

    def root(self):
        frame = self.page_table().inside().root.target()
        return frame_address(frame.address)

    def active_harts(self):
        return self.place.space.active_harts.number()

    def resident(self):
        """(anonymous, file) pages as the kernel counts them."""
        counts = self.page_table().inside().resident
        return counts.anon.number(), counts.file.number()

    def heap(self):
        """(start, break, bytes of the data segment)"""
        state = self.process_vm.heap.get("state").inside()
        return state.range.start.number(), state.range.end.number(), state.data_segment_size.number()

    def init_stack(self):
        """(sp, argument strings, environment strings), ranges as (start, end); sp is 0 before they are written."""
        stack = self.process_vm.init_stack
        return stack.sp.number(), number_range(stack.arg_strings), number_range(stack.env_strings)

    def vdso(self):
        return self.process_vm.vdso_base.number()

    def stack_limit(self):
        return self.place.limits.inside().stack.number()

    def executable(self):
        file = self.process_vm.executable_file.target()
        return string(file.cast(FILE).path) if file else ""


def number_range(place):
    return place.start.number(), place.end.number()


def read_mapping(place):
    file = place.file.target()
    start, end = number_range(place.range)
    return Mapping(place, start, end, place.perms.number(), place.may_perms.number(), place.sharing.word() == "shared",
                   place.get("kind").word(), bool(place.grows_down.number()), place.marks.number(), place.vmo_offset.number(),
                   place_address(place.vmo), string(file.cast(FILE).path) if file else "")


def string(place):
    """A String: a Vec<char> with a NUL."""
    characters = place.get("bytes")
    address, size = place_address(characters.get("items")), characters.get("size").number()
    return memory.read(address, size - 1).decode(errors="replace") if address and 0 < size <= 4096 else ""


# FRAMES


@dataclasses.dataclass
class FrameRecords:
    data: bytes
    first: int  # physical address of the first frame
    address: int  # of the records
    size: int  # of one
    fields: dict  # name -> (offset, bytes, shift, mask)
    uses: list

    def __len__(self):
        return len(self.data) // self.size

    def get(self, index, name):
        offset, size, shift, mask = self.fields[name]
        at = index * self.size + offset
        return int.from_bytes(self.data[at : at + size], "little") >> shift & mask

    def use(self, index):
        value = self.get(index, "use")
        return self.uses[value] if value < len(self.uses) else f"?{value}"

    def physical(self, index):
        return self.first + index * memory.PAGE

    def index_of(self, record_address):
        """The number of the record at an address of the kernel; None when it is none."""
        index, rest = divmod(record_address - self.address, self.size)
        return index if 0 <= index < len(self) and rest == 0 else None


def frame_records():
    table = Place.of(FRAMES)
    records, first = table.records.target(), table.first.number()
    if records is None:
        raise Corrupt("the frame allocator has no memory yet")
    count = Place.of("kern::(anonymous namespace)::record_count").number()
    size = records.ctype.sizeof
    if not memory.is_ram(first) or not 0 < count <= sum(end - start for start, end in memory.ram()) // memory.PAGE:
        raise Corrupt(f"frame records: {count} from {first:#x} on cannot be")
    fields = {}
    for name in ("refs", "use", "order", "slot_class", "live", "free_slots", "next", "prev"):
        place = Place(0, records.ctype).find(name)
        sole = place.sole()
        shift, width = place.bitfield or (0, 8 * sole.ctype.sizeof)
        fields[name] = (sole.address, sole.ctype.sizeof, shift, (1 << width) - 1)
    uses = [field.name.split("::")[-1] for field in Place(0, records.ctype).use.ctype.fields()]
    return FrameRecords(memory.read(records.address, count * size), first, records.address, size, fields, uses)


def frame_address(record_address):
    """The physical address a frame's record stands for."""
    table = Place.of(FRAMES)
    first, records = table.first.number(), table.records.number()
    index, rest = divmod(record_address - records, type_named("kern::Frame").sizeof)
    if rest or index < 0 or not memory.is_ram(first + index * memory.PAGE):
        raise Corrupt(f"{record_address:#x} is no frame's record")
    return first + index * memory.PAGE
