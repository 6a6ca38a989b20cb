"""Locks as they are in memory: who holds which, who waits."""

import dataclasses

import gdb

from astrolabe.core import kernel, physical
from astrolabe.core.memory import Corrupt
from astrolabe.core.place import Place, name_of, type_named

RANK = "LockRank"
RANKED = "RankedLock"
MUTEX = "Mutex"
TERMINAL = "output"  # who writes to it
SPINS = ("RankedLock::wait_until", "RankedLock::wait_turn")  # functions whose `this` is a lock
COMPLAINS = "RankedLock::report_wrong_order"


@dataclasses.dataclass
class Lock:
    name: str
    place: Place

    def is_mutex(self):
        return name_of(self.place.ctype) == MUTEX

    def holder(self):
        """Who has it, in words: threads have a Mutex, harts what spins."""
        if self.is_mutex():
            return thread_words(kernel.Thread(self.place.holder.target())) if self.place.holder.number() else "a thread"
        harts = harts_in(self.place.holders.number())
        return "hart " + ", ".join(harts) if harts else "a hart (a build without assertions does not say which)"

    def is_held(self):
        if self.is_mutex():
            return bool(self.place.get("state").number())
        held = self.place.find("held")
        if held is not None:
            return bool(held.number())
        turns = [self.place.get(name).number() for name in ("next_number", "readers_turn", "writers_turn")]
        return turns[0] != turns[2]

    def waiters(self):
        """Threads that sleep for a Mutex."""
        queue = self.place.get("waiters").get("waiters").inside() if self.is_mutex() else None
        for waiter in queue.items(f"waiters for {self.name}") if queue else ():
            yield kernel.Thread(waiter.thread.target())


def rank_name(rank):
    try:
        return next(field.name.split("::")[-1] for field in type_named(RANK).fields() if field.enumval == rank)
    except (Corrupt, StopIteration):
        return f"rank {rank}"


def rank_names(bits):
    return [rank_name(rank) for rank in range(32) if bits >> rank & 1]


def harts_in(bits):
    return [str(hart) for hart in range(32) if bits >> hart & 1]


def thread_words(thread):
    process = thread.process()
    return f"thread {thread.tid()} ({process.name()})" if process else "a thread of the kernel"


def known():
    """The locks one can get to: the kernel's own, then those of each process and its space. One that is out of reach is left out."""
    for name, variable in (("process tree", kernel.TREE), ("frames", physical.BUDDIES), ("kernel heap", kernel.HEAP)):
        yield Lock(name, Place.of(variable).guard())
    yield Lock("terminal output", Place.of(TERMINAL))
    for index, queue in enumerate(Place.of(kernel.QUEUES).elements()):
        if queue.idle.number():
            yield Lock(f"run queue of hart {index}", queue.get("lock"))
    for process in kernel.processes():
        yield from of_process(process)


def of_process(process):
    name = f"pid {process.pid}"
    yield Lock(f"{name} state", process.place.get("state").guard())
    yield Lock(f"{name} vmar slot", process.place.vmar.guard())
    yield Lock(f"{name} files", process.place.files.table.slots.guard())
    for fd, file, _ in process.open_files():
        yield Lock(f"{name} file {fd} offset", file.position)
    space = process.vmar()
    if space is None:
        return
    yield Lock(f"{name} mappings", space.place.mappings.guard())
    yield Lock(f"{name} page table", space.page_table().guard())
    yield Lock(f"{name} heap", space.process_vm.heap.get("state").guard())


def wanted_by(thread):
    """What the hart behind a GDB thread spins for, or must not take: (Lock, whether it is out of order), found in its call stack;
    None when it does neither."""
    previous = gdb.selected_thread()
    try:
        thread.switch()
        frame = gdb.newest_frame()
        while frame is not None:
            name = frame.name() or ""
            if name.startswith((*SPINS, COMPLAINS)):
                place = Place(int(frame.read_var("this")), type_named(RANKED))
                return Lock(f"{rank_name(place.rank.number())} at {place.address:#x}", place), name.startswith(COMPLAINS)
            frame = frame.older()
    except (gdb.error, ValueError, Corrupt):
        return None
    finally:
        previous.switch()
    return None
