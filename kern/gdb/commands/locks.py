"""locks: who holds what, who waits for whom."""

import gdb

from astrolabe.core import kernel, locks as found
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import Corrupt


@command("locks")
def locks(arguments):
    """Show which locks are held, by whom, who waits, and what is wrong with the order.

    locks

First what each hart says it holds, by rank (debug builds; kern/base/lock_rank.h has the order), and what it spins for. Then the
locks that can be found from the processes or from who spins and are held now, with the hart or thread that has each, and who waits.
A hart must take locks in ascending rank, and hold no spinning one while it sleeps."""
    if arguments:
        raise Usage("usage: locks")
    wanted = {}
    yield from guarded(by_hart(wanted))
    yield from guarded(held(wanted))


def by_hart(wanted):
    """`wanted` gets {address: (the lock, the harts that spin for it)}."""
    for hart in kernel.harts():
        thread = next((item for item in gdb.selected_inferior().threads() if kernel.cpu_number(item) == hart.firmware_id), None)
        lock, is_wrong = thread and found.wanted_by(thread) or (None, False)
        ranks = hart.held_ranks()
        text = f"hart {hart.index} holds {', '.join(found.rank_names(ranks)) or 'nothing'}"
        if lock is None:
            yield text
            continue
        yield f"{text}; {'takes' if is_wrong else 'spins for'} {lock.name}"
        if not is_wrong:
            wanted.setdefault(lock.place.address, (lock, []))[1].append(hart.index)
        rank = lock.place.rank.number()
        if ranks >> rank:
            yield f"  <- out of order: it holds {', '.join(found.rank_names(ranks & -1 << rank))}, which does not come before {found.rank_name(rank)}"


def held(wanted):
    yield "held now:"
    locks = {lock.place.address: lock for lock, _ in wanted.values()}
    try:
        for lock in found.known():
            locks[lock.place.address] = lock
    except Corrupt as error:
        yield f"  !! {error}"
    held_now = [lock for lock in locks.values() if lock.place.address in wanted or lock.is_held()]
    for lock in held_now:
        waiters = [f"hart {hart} spins" for hart in wanted.get(lock.place.address, (lock, []))[1]]
        waiters += [f"{found.thread_words(thread)} sleeps" for thread in lock.waiters()]
        yield f"  {lock.name:<28} held by {'; '.join([lock.holder(), *waiters])}"
    if not held_now:
        yield "  none of the locks that can be found"
