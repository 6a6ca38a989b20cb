"""Checks that handouts do not contain."""

from grade.challenge import PAGE, SIGSEGV, Challenge
from grade.check import check
from grade.report import Failure
from grade.session import WINDOW, Session, check_frame

PAGES = 48


def writable_run(session, base, page):
    """How many pages from this one on may be written."""
    count = 0
    while (mapped := session.space.pages.get(base + (page + count) * PAGE)) and "w" in mapped.perms:
        count += 1
    return count


@check("random", clause='labs/1-vmar "All of it together"', needs="start")
def test_random(lab):
    """map, unmap, protect: a random sequence leaves what the model says."""
    session, random = Session(), lab.random
    base = WINDOW + 0x200000 - 20 * PAGE  # across a page table's border
    for turn in range(160):
        page, count = random.randrange(PAGES - 8), random.randrange(1, 9)
        at, size = base + page * PAGE, count * PAGE
        kind = random.choice(["map", "map", "unmap", "protect", "protect", "touch", "touch", "touch"])
        if kind == "map":
            perms = random.choice(["rw", "rw", "rw", "r", "rwx", ""])
            session.map(at, size, perms, random.choice(["fixed", "fixed", "noreplace"]), shared=random.random() < 0.2)
        elif kind == "unmap":
            session.unmap(at, size)
        elif kind == "protect":
            session.protect(at, size, random.choice(["r", "rw", "rw", "rx", ""]))
        elif writable := min(count, writable_run(session, base, page)):
            session.touch(at, writable * PAGE, random.randrange(1, 1 << 30))
        if turn % 10 == 9:
            session.stop()
    for page in range(PAGES):
        if base + page * PAGE in session.space.pages and session.space.pages[base + page * PAGE].allows("r"):
            session.load(base + page * PAGE)
    session.stop()
    session.run(lab)


def file_of(words):
    """A file whose pages begin with these words."""
    return b"".join(word.to_bytes(8, "little").ljust(PAGE, b"\1") for word in words)


@check("merge-not", clause='labs/1-vmar "Joining neighbours", what must differ in nothing', needs="start")
def test_merge_not(lab):
    """merge: neighbours that differ stay apart."""
    words, others = ([lab.random.randrange(1, 1 << 40) for _ in range(6)] for _ in range(2))
    session, base = Session(common="compare rights, sharing, file and offset before joining"), WINDOW
    session.file("/data/pages", words)
    session.file("/data/others", others)
    session.map(base, 2 * PAGE, "rw", file="/data/pages", offset=2 * PAGE)
    session.map(base + 2 * PAGE, 2 * PAGE, "rw", file="/data/pages", offset=2 * PAGE)
    session.map(base + 4 * PAGE, PAGE, "rw", file="/data/pages", offset=4 * PAGE)
    session.map(base + 5 * PAGE, PAGE, "rw")
    session.map(base + 6 * PAGE, PAGE, "rw", shared=True)
    session.map(base + 7 * PAGE, PAGE, "rw", shared=True)
    session.map(base + 8 * PAGE, PAGE, "rw")
    session.map(base + 9 * PAGE, PAGE, "rw", file="/data/pages")
    session.map(base + 10 * PAGE, PAGE, "rw", file="/data/others", offset=PAGE)  # would be the next page of the same file
    for page in range(11):
        session.load(base + page * PAGE)
    session.stop()
    session.touch(base + 5 * PAGE, 4 * PAGE, 0x50)
    for page in range(11):
        session.attempt_store(base + page * PAGE, 0x90 + page)
        if page in (6, 7):
            session.space.store(base + page * PAGE, 0x90 + page)
    for page in range(11):
        session.load(base + page * PAGE)
    session.stop()
    session.run(lab, files={"/data/pages": file_of(words), "/data/others": file_of(others)})


@check("unmap-flush", clause='labs/1-vmar "The TLB remembers"', needs="start")
def test_unmap_flush(lab):
    """unmap: what was there cannot be reached any more."""
    challenge = Challenge()
    challenge.mmap(WINDOW, 4 * PAGE, flags=0x32)
    challenge.touch(WINDOW, 4 * PAGE, 0x600)
    challenge.munmap(WINDOW + PAGE, PAGE)
    challenge.mmap(WINDOW + PAGE, PAGE, flags=0x32)
    fresh = challenge.load(WINDOW + PAGE)
    challenge.mmap(WINDOW + 2 * PAGE, PAGE, flags=0x32)
    replaced = challenge.load(WINDOW + 2 * PAGE)
    challenge.stop()
    challenge.touch(WINDOW + 3 * PAGE, PAGE, 0x700)
    challenge.munmap(WINDOW + 3 * PAGE, PAGE)
    challenge.load(WINDOW + 3 * PAGE)
    challenge.end(1)
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(fresh, 0, "a page mapped anew is zero")
        run.expect(replaced, 0, "a page mapped anew is zero")
        ended = run.to_end()
        if ended != 128 + SIGSEGV:
            raise run.failure(challenge.describe(8), "killed by SIGSEGV, status 139", f"status {ended}")


@check("cow-owner", clause='labs/1-vmar "Copy-on-write", the last owner', needs="start")
def test_owner(lab):
    """fault: the last owner of a frame keeps it, and no frame is lost by forks."""
    challenge, base = Challenge(), WINDOW
    challenge.mmap(base, 4 * PAGE, flags=0x32)
    challenge.touch(base, 4 * PAGE, 0x10)

    def forks(times: int) -> None:
        for _ in range(times):
            challenge.attempt()
            challenge.touch(base, 3 * PAGE, 0x20)
        challenge.touch(base, 4 * PAGE, 0x30)

    forks(3)
    challenge.sysinfo()
    before = challenge.sysinfo()
    challenge.stop()
    forks(20)
    after = challenge.sysinfo()
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        frames = [check_frame(run, base + page * PAGE, "rw", 0x30 + page, "").frame for page in range(4)]
        free = run.free_pages(before)
        run.to_stop()
        did = "20 times: fork, write three pages in the child, let it end; then write them in the parent"
        now = [check_frame(run, base + page * PAGE, "rw", 0x30 + page, did).frame for page in range(4)]
        if now != frames:
            raise Failure(did, "the parent, alone again, writes to its old frames", "to copies")
        if run.free_pages(after) != free:
            raise Failure(did, "as many frames free as before", f"{free - run.free_pages(after)} fewer")
