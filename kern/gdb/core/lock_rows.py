"""Waits for contended locks as events of a trace: each a slice in the row of who waits, and a row a lock that shows who has it
meanwhile. A lock that nobody waits for costs nothing and is not seen.

    hart 1     |  hello 3          |waits for vmar|          |
    vmar           |  hart 0                      |             who had it while hart 1 wanted it

A spinning lock is waited for in RankedLock::wait_until(), a sleeping one in Mutex::wait(): functions of their own, so that a
breakpoint where they begin and one at their `ret` are all it takes.
"""

import gdb

from astrolabe.core import kernel, locks, memory
from astrolabe.core.memory import Corrupt
from astrolabe.core.place import Place, type_named

SPIN, SLEEP, RELEASE = "RankedLock::wait_until", "Mutex::wait", "WaitQueue::wake_one"


def functions(name):
    """{first address: addresses of its `ret`s} of each instance of a function that is never inlined."""
    found = {}
    try:
        places = gdb.decode_line(name)[1] or ()
    except gdb.error:
        raise Corrupt(f"this kernel has no function {name}: is its ELF file loaded?") from None
    for place in places:
        block = gdb.block_for_pc(place.pc)
        while not block.superblock.is_static:
            block = block.superblock
        if not block.function.name.startswith(name):
            continue  # a lambda of the function, which another one took in
        code = gdb.selected_inferior().architecture().disassemble(block.start, block.end - 1)
        found[block.start] = [line["addr"] for line in code if line["asm"].split()[0] == "ret"]
    return found


class LockRows:
    """`rows` says the time and who runs, and takes events; `at(address, look)` sets a breakpoint."""

    def __init__(self, rows, at):
        self.rows, self.spins, self.sleeps, self.seen, self.all = rows, {}, {}, {}, []
        for name, begins, ended in ((SPIN, self.spin, self.spun), (SLEEP, self.sleep, self.slept)):
            for begin, ends in functions(name).items():
                at(begin, begins)
                for end in ends:
                    at(end, ended)
        at(RELEASE, self.release)

    # SPINNING LOCKS: a hart waits. An interrupt handler may do so within the wait of what it interrupted.

    def spin(self):
        lock = self.lock(Place(kernel.register("a0"), type_named(locks.RANKED)))
        self.spins.setdefault(kernel.selected_hart().index, []).append((lock, self.rows.time()))
        lock.waiting += 1
        self.cut(lock, self.holder(lock))

    def spun(self):
        hart = kernel.selected_hart().index
        if self.spins.get(hart):
            lock, since = self.spins[hart].pop()
            self.wait(self.rows.hart_row(hart), lock, since)
            lock.waiting -= 1
            self.cut(lock, f"hart {hart}" if lock.waiting else None)

    # SLEEPING LOCKS: a thread waits. Who has it lets go of it in WaitQueue::wake_one(), if it was ever waited for.

    def sleep(self):
        lock = self.lock(Place(kernel.register("a0"), type_named(locks.MUTEX)))
        self.sleeps[self.rows.thread_row()] = lock, self.rows.time()
        if lock.holder is None:
            self.cut(lock, self.holder(lock))

    def slept(self):
        row = self.rows.thread_row()
        if row in self.sleeps:
            lock, since = self.sleeps.pop(row)
            self.wait(row, lock, since)
            self.cut(lock, self.rows.thread_name())

    def release(self):
        address = kernel.register("a0") - Place(0, type_named(locks.MUTEX)).get("waiters").address
        if address in self.seen:
            self.cut(self.seen[address], None)

    # EVENTS

    def lock(self, place):
        row = self.seen.get(place.address)
        if row is None or row.may_be_another():
            name = named(place)
            if row is None or name != row.name:
                row = self.seen[place.address] = Row(len(self.all), name, locks.Lock(name, place))
                self.all.append(row)
        return row

    def holder(self, lock):
        """Who has it now, as the rows call them."""
        if lock.lock.is_mutex():
            holder = lock.lock.place.holder.target()
            return self.rows.thread_name(kernel.Thread(holder)) if holder else "a thread"
        harts = locks.harts_in(lock.lock.place.holders.number())
        return "hart " + ", ".join(harts) if harts else "a hart"

    def wait(self, row, lock, since, **more):
        self.rows.slice(row, f"waits for {lock.name}", "lock", since, **more)

    def cut(self, lock, holder):
        """From now on `holder` has the lock; None: nobody who is waited for."""
        if lock.holder is not None:
            self.rows.slice(self.rows.lock_row(lock.number), lock.holder, "lock", lock.since)
        lock.holder, lock.since = holder, self.rows.time()

    def close(self):
        """The machine has ended: what was waited for then never came."""
        for hart, waits in self.spins.items():
            for lock, since in reversed(waits):
                self.wait(self.rows.hart_row(hart), lock, since, result="never got it")
        for row, (lock, since) in self.sleeps.items():
            self.wait(row, lock, since, result="never got it")
        for lock in self.all:
            self.cut(lock, None)

    def names(self):
        return {lock.number: lock.name for lock in self.all}


class Row:
    """A lock that was waited for: how many do now, who has it as far as anybody waits, and since when."""

    def __init__(self, number, name, lock):
        self.number, self.name, self.lock, self.waiting, self.holder, self.since = number, name, lock, 0, None, 0

    def may_be_another(self):
        """A process's lock may have gone with it, and another process's may lie there now."""
        return self.name.startswith("pid ") and not self.waiting and self.holder is None


def named(place):
    """The best name there is for a lock."""
    try:
        for lock in locks.known():
            if lock.place.address == place.address:
                return lock.name
    except (Corrupt, memory.NoMachine):
        pass
    kind = "sleeping lock" if place.find("rank") is None else locks.rank_name(place.rank.number())
    return f"{kind} {place.address:#x}"
