"""The kernel's structures as the commands see them. Every C++ name that kern/gdb knows stands in this file and beside it in space.py,
physical.py, files.py, locks.py and slab.py; a member may be called with or without its closing underscore.

What is not plausible raises Corrupt, with what could be read before it already given out.
"""

import gdb

from astrolabe.core import memory, sv39
from astrolabe.core.memory import Corrupt
from astrolabe.core.place import Place, symbol_at, type_named
from astrolabe.core.space import Vmar, place_address

HARTS = "arch::harts"
HEAP = "heap"
SLOT_SIZES = "SLOT_SIZES"
TREE = "process_tree"
QUEUES = "queues"
USER_THREAD = "UserThread"

LOWEST_USER = 0x1_0000
USER_CAP = (1 << 38) - memory.PAGE
USER_HALF_END = 1 << 38
KERNEL_STACK_SIZE = 4 * memory.PAGE


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
    """`Result<int> f<int>(MapRequest const&)` -> `f<int>`"""
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
            yield Thread(Place(place.address, place.ctype).base("Thread"))

    def vmar(self):
        """Its address space; None when it has ended."""
        place = self.place.vmar.inside().target()
        return Vmar(place) if place else None

    def open_files(self):
        """(number, File's Place, whether it closes at exec) of each open descriptor."""
        slots = self.place.files.table.slots.inside()
        data, count = slots.vec()
        first = data.target()
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
        process = Process(Place(address, type_named("Process")))
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


def space_of(process):
    """The address space of a process that has one."""
    space = process.vmar()
    if space is None:
        raise Corrupt(f"pid {process.pid} {process.name()}: has ended, and has no address space any more")
    return space


def table_of(pid):
    """The page table of a process; for None the one that the selected hart translates by."""
    if pid is not None:
        return space_of(process_of(pid)).table()
    satp = register("satp")
    if satp >> 60 != 8:
        raise Corrupt("translation is off on this hart (satp is 0): addresses are physical ones")
    return sv39.Table((satp & (1 << 44) - 1) << 12)
