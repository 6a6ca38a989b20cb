"""Changing rights: holes vmar.protect, vmar.restrict."""

from grade.challenge import PAGE, SIGSEGV, Challenge
from grade.check import check
from grade.session import WINDOW, Session


@check("protect-rights", clause='labs/1-vmar "Changing rights"', needs="start")
def test_rights(lab):
    """protect: the page table grants the new rights, and only to the range."""
    session = Session(common="pages already in the page table must lose rights too; the others keep theirs")
    base = WINDOW + lab.random.randrange(100) * PAGE
    session.map(base, 12 * PAGE, "rw")
    session.touch(base, 12 * PAGE, 0x500)
    session.protect(base + 2 * PAGE, 3 * PAGE, "r")
    session.protect(base + 7 * PAGE, 2 * PAGE, "rx")
    session.protect(base + 10 * PAGE, PAGE, "")
    session.stop()
    session.protect(base + 3 * PAGE, 6 * PAGE, "rw")
    session.protect(base + 10 * PAGE, PAGE, "r")
    session.load(base + 10 * PAGE)
    session.touch(base + 3 * PAGE, 6 * PAGE, 0x600)
    session.attempt_store(base + 2 * PAGE)
    session.attempt_store(base + 9 * PAGE)
    session.stop()
    shown = base + 20 * PAGE  # two pages that both show the page of zeroes
    session.map(shown, 2 * PAGE, "rw")
    session.load(shown)
    session.load(shown + PAGE)
    session.protect(shown, 2 * PAGE, "r")
    session.protect(shown, 2 * PAGE, "rw")
    session.touch(shown, PAGE, 0x700)
    session.load(shown + PAGE)
    session.stop()
    session.run(lab)


@check(
    "protect-hole",
    clause='labs/1-vmar "Changing rights", a hole',
    needs="start",
    common="mprotect works upward and stops at the first page that is not mapped",
)
def test_hole(lab):
    """protect: a hole is ENOMEM; what precedes it has changed, the rest not."""
    session = Session()
    base, hole = WINDOW + lab.random.randrange(100) * PAGE, lab.random.randrange(3, 7)
    session.map(base, 10 * PAGE)
    session.touch(base, 10 * PAGE, 0x700)
    session.unmap(base + hole * PAGE, PAGE)
    session.protect(base + PAGE, 8 * PAGE, "r")
    session.protect(base - PAGE, 3 * PAGE, "r")
    session.protect(base + 9 * PAGE, 2 * PAGE, "rx")
    session.stop()
    session.attempt_store(base + PAGE)
    session.attempt_store(base + (hole + 1) * PAGE)
    session.stop()
    session.run(lab)


@check(
    "protect-flush",
    clause='labs/1-vmar "The TLB remembers"',
    needs="start",
    common="the hart goes on with the old translation until it is told to forget it",
)
def test_flush(lab):
    """protect: a right taken away is gone at once."""
    challenge, status = Challenge(), 128 + SIGSEGV
    challenge.mmap(WINDOW, 4 * PAGE, flags=0x32)
    challenge.touch(WINDOW, 4 * PAGE, 0x800)
    challenge.store(WINDOW + PAGE, 0x900)
    challenge.mprotect(WINDOW, 4 * PAGE, "r")
    seen = challenge.load(WINDOW + PAGE)
    challenge.stop()
    challenge.mprotect(WINDOW, 4 * PAGE, "rw")
    challenge.store(WINDOW + PAGE, 0xA00)
    challenge.mprotect(WINDOW, 4 * PAGE, "r")
    challenge.store(WINDOW + PAGE, 0xB00)
    challenge.end(1)
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(seen, 0x900)
        ended = run.to_end()
        if ended != status:
            did = challenge.describe(6, 10)
            raise run.failure(did, "killed by SIGSEGV, status 139", f"status {ended}: the last write went through")
