"""locks: who holds what, who waits for whom."""

import gdb

from astrolabe.core import kernel, locks as found
from astrolabe.core.command import Usage, command, guarded


@command("locks")
def locks(arguments):
    """Show which locks are held, by whom, who waits, and what is wrong with the order.

    locks

First what each hart says it holds, by rank (debug builds; kern/base/lock_rank.h has the order), and what it spins for. Then the
locks that can be found from the processes and are held now. A hart must take locks in ascending rank, and hold no spinning one
while it sleeps."""
    if arguments:
        raise Usage("usage: locks")
    spinning = {}
    yield from guarded(by_hart(spinning))
    yield from guarded(held(spinning))


def by_hart(spinning):
    for hart in kernel.harts():
        thread = next((item for item in gdb.selected_inferior().threads() if kernel.cpu_number(item) == hart.firmware_id), None)
        waits = found.waited_for(thread) if thread else None
        ranks = hart.held_ranks()
        text = ", ".join(found.rank_names(ranks)) or "nothing"
        yield f"hart {hart.index} holds {text}" + (f"; spins for {found.rank_name(waits[1])} at {waits[0]:#x}" if waits else "")
        if waits:
            spinning.setdefault(waits[0], []).append(hart.index)
            # the rank it waits for is noted before it has the lock
            before = ranks & ~(1 << waits[1])
            if before >> waits[1]:
                yield f"  <- out of order: it holds {', '.join(found.rank_names(before & -1 << waits[1]))}, which comes after {found.rank_name(waits[1])}"


def held(spinning):
    yield "held now:"
    count = 0
    for lock in found.known():
        if not lock.is_held() and lock.place.address not in spinning:
            continue
        count += 1
        waiters = [f"hart {hart} spins" for hart in spinning.get(lock.place.address, [])]
        waiters += [f"thread {thread.tid() or '-'} sleeps" for thread in lock.waiters()]
        yield f"  {lock.name:<28} {holder_words(lock)}" + (f"; {', '.join(waiters)}" if waiters else "")
    if not count:
        yield "  none of the locks that can be found"


def holder_words(lock):
    bits = lock.holders()
    if bits == -1:
        return "held (a sleeping lock does not say by whom)"
    harts = [str(hart) for hart in range(32) if bits >> hart & 1]
    return "held by hart " + ", ".join(harts) if harts else "held (a build without assertions does not say by whom)"
