"""Removing mappings: holes vmar.unmap, vmar.split, vmar.drop-pages."""

from grade.challenge import PAGE, Challenge
from grade.check import check
from grade.report import Failure
from grade.session import WINDOW, Session

FILE = "/data/pages"
FILE_PAGES = 12


def file_of(random):
    """First words and content of a file whose pages can be told apart."""
    words = [random.randrange(1, 1 << 40) for _ in range(FILE_PAGES)]
    return words, b"".join(word.to_bytes(8, "little").ljust(PAGE, b"\1") for word in words)


@check(
    "unmap-split",
    clause='labs/1-vmar "Splitting"',
    needs="start",
    common="a mapping that begins later in its file needs a later offset",
)
def test_split(lab):
    """unmap: a hole in the middle leaves two mappings."""
    words, content = file_of(lab.random)
    session = Session()
    session.file(FILE, words)
    base, hole = WINDOW + 0x100000, lab.random.randrange(2, 6)
    session.map(base, 10 * PAGE, "rw", file=FILE, offset=PAGE)
    session.unmap(base + hole * PAGE, 2 * PAGE)
    session.map(base + 32 * PAGE, 8 * PAGE)
    session.touch(base + 32 * PAGE, 8 * PAGE, 0xE0)
    session.unmap(base + 35 * PAGE, PAGE)
    for page in set(range(10)) - {hole, hole + 1}:
        session.load(base + page * PAGE)
    session.stop()
    for page in (0, 1, 2, 4, 5, 6, 7):
        session.load(base + (32 + page) * PAGE)
    session.attempt_load(base + hole * PAGE)
    session.attempt_load(base + 35 * PAGE)
    session.stop()
    session.run(lab, files={FILE: content})


@check(
    "unmap-edges",
    clause='labs/1-vmar "Unmapping"',
    needs="start",
    common="the range is half-open: its last page is the one before its end",
)
def test_edges(lab):
    """unmap: exactly the range goes, over several mappings and their holes."""
    session = Session()
    base = WINDOW + lab.random.randrange(100) * PAGE
    for turn, (first, count, perms) in enumerate(((0, 4, "rw"), (4, 3, "rwx"), (9, 2, "rw"), (12, 5, "rw"))):
        session.map(base + first * PAGE, count * PAGE, perms)
        session.touch(base + first * PAGE, count * PAGE, 0x100 * (turn + 1))
    session.stop()
    session.unmap(base + 2 * PAGE, 12 * PAGE)
    session.stop()
    session.unmap(base + 2 * PAGE, 8 * PAGE)
    session.unmap(base - 4 * PAGE, 5 * PAGE)
    session.unmap(base + 16 * PAGE, 1)
    session.stop()
    session.run(lab)


@check(
    "unmap-frees",
    clause='labs/1-vmar "Giving frames back"',
    needs="start",
    common="every frame and every page-table page that served only this range is free again after munmap",
)
def test_frees(lab):
    """unmap: frames and page tables are given back."""
    challenge = Challenge()
    count = lab.random.randrange(150, 250)

    def rounds(times: int) -> None:
        challenge.repeat(times, 5)
        strides = (2 << 20,)  # each round in a page table of its own
        challenge.mmap(
            WINDOW, count * PAGE, flags=0x32, strides=strides, text=f"map {count} pages, write them, unmap them"
        )
        challenge.add("TOUCH", WINDOW, count * PAGE, 1, strides=strides)
        challenge.munmap(WINDOW + 3 * PAGE, 5 * PAGE, strides=strides, text="")
        challenge.munmap(WINDOW, 100 * PAGE, strides=strides, text="")
        challenge.munmap(WINDOW, count * PAGE, strides=strides, text="")

    rounds(2)
    challenge.sysinfo()
    before = challenge.sysinfo()
    challenge.stop()
    rounds(10)
    after = challenge.sysinfo()
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        tables, free = run.table.table_frames(), run.free_pages(before)
        run.to_stop()
        lost = free - run.free_pages(after)
        more = run.table.table_frames() - tables
        if lost or more:
            did = f"ten times: map {count} pages, write them, unmap them"
            raise Failure(did, "as many frames free as before", f"{lost} frames fewer, {more} of them page tables")


@check(
    "merge",
    clause='labs/1-vmar "Joining neighbours"',
    needs="start",
    common="neighbours with the same rights, sharing and backing become one mapping, or memory fills up with mappings",
)
def test_merge(lab):
    """merge: neighbours that are alike become one mapping."""
    challenge, pages = Challenge(), 1500 + lab.random.randrange(100)
    challenge.mmap(WINDOW, PAGE, flags=0x32)
    challenge.sysinfo()
    before = challenge.sysinfo()
    challenge.repeat(pages, 1)
    challenge.mmap(WINDOW, PAGE, flags=0x32, strides=(PAGE,), text="map one page more at the end")
    mapped = challenge.sysinfo()
    challenge.repeat(pages // 2, 1)
    challenge.mprotect(WINDOW, PAGE, "r", strides=(2 * PAGE,), text="protect every second page r")
    challenge.mprotect(WINDOW, pages * PAGE, "rw")
    protected = challenge.sysinfo()
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        for after, did in (
            (mapped, f"map {pages} pages, one by one, side by side"),
            (protected, "make every second page read-only, then all of them writable again"),
        ):
            used = run.free_pages(before) - run.free_pages(after)
            if used > 8:
                raise Failure(did, "one mapping: no more than 8 frames of kernel memory", f"{used} frames")
