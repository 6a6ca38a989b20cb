"""Answering page faults: holes vmar.fault, vmar.fault-anonymous, vmar.fault-present."""

from grade.challenge import PAGE, Challenge
from grade.check import check
from grade.report import Failure
from grade.session import WINDOW, Session, check_frame

KERNEL = -(1 << 38) & ((1 << 64) - 1)


@check(
    "fault-zero",
    clause='labs/1-vmar "First touch"',
    needs="start",
    common="a read needs no frame of its own: one page of zeroes serves them all until the first write",
)
def test_zero(lab):
    """fault: a read maps the zero page, a write a zeroed frame."""
    challenge = Challenge()
    base = WINDOW + lab.random.randrange(100) * PAGE
    challenge.mmap(base, 8 * PAGE, "rwx", flags=0x32)
    reads = [challenge.load(base + page * PAGE) for page in (0, 3)]
    challenge.stop()
    challenge.touch(base + PAGE, PAGE, 0x111)
    challenge.touch(base + 3 * PAGE, PAGE, 0x333)
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect_all([(result, 0) for result in reads])
        zero = [check_frame(run, base + page * PAGE, "rx", 0, challenge.describe(1, 3)) for page in (0, 3)]
        if zero[0].frame != zero[1].frame:
            raise Failure(challenge.describe(1, 3), "both pages show the same frame", " and ".join(map(str, zero)))
        others = [
            hex(leaf.address) for leaf in run.leaves(base, 8 * PAGE) if leaf.address not in (base, base + 3 * PAGE)
        ]
        if others:
            raise Failure(challenge.describe(1, 3), "no page in the table that was not touched", ", ".join(others))
        run.to_stop()
        did = challenge.describe(4, 6)
        written = [check_frame(run, base + page * PAGE, "rwx", word, did) for page, word in ((1, 0x111), (3, 0x333))]
        check_frame(run, base, "rx", 0, did)
        for leaf in written:
            content = run.machine.read_physical(leaf.frame, PAGE)
            if any(content[8:]) or leaf.frame == zero[0].frame or not leaf.dirty:
                raise Failure(
                    did, "a frame of its own, zero but for the word written", f"{leaf}, {content[8:40].hex()}..."
                )


@check(
    "fault-cow",
    clause='labs/1-vmar "Copy-on-write"',
    needs="start",
    common="after fork both spaces show the same frame; the first write to it must not be seen by the other",
)
def test_copy_on_write(lab):
    """fault: after fork a write is seen by the writer alone."""
    challenge = Challenge()
    base = WINDOW + lab.random.randrange(100) * PAGE
    challenge.mmap(base, 2 * PAGE, flags=0x32)
    challenge.touch(base, 2 * PAGE, 0x100)
    challenge.mmap(base + 4 * PAGE, PAGE, flags=0x31)
    challenge.touch(base + 4 * PAGE, PAGE, 0x400)
    status = challenge.attempt()
    challenge.stop()  # this one in the child
    stores = [challenge.attempt(), challenge.store(base, 0x222)][:1]
    stores += [challenge.attempt(), challenge.store(base + 4 * PAGE, 0x444)][:1]
    kept = [challenge.load(base), challenge.load(base + PAGE), challenge.load(base + 4 * PAGE)]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        for page, word in ((0, 0x100), (1, 0x101)):
            check_frame(run, base + page * PAGE, "r", word, "fork; look at the child's page table")
        run.to_stop()
        did = "in a child write 0x222 to a private page and 0x444 to a shared one; read both in the parent"
        for result in (status, *stores):
            run.expect(result, 0)
        for result, wanted in zip(kept, (0x100, 0x101, 0x444)):
            if run.result(result) != wanted:
                raise run.failure(did, "0x100 0x101 0x444", " ".join(hex(run.result(each)) for each in kept))


@check("fault-kill", clause='labs/1-vmar "Faults that are errors"', needs="start")
def test_kill(lab):
    """fault: a wrong access is SIGSEGV, one past the end of a file SIGBUS."""
    session = Session(common="check the mapping's rights against the access before anything else")
    base = WINDOW + lab.random.randrange(100) * PAGE
    session.file("/data/short", [5, 6])
    session.map(base, PAGE, "rw")
    session.map(base + 2 * PAGE, PAGE, "r")
    session.map(base + 4 * PAGE, PAGE, "")
    session.map(base + 6 * PAGE, 4 * PAGE, "r", file="/data/short")
    session.touch(base, PAGE, 0x8082_8082)  # two times `ret`
    for page in (0, 2, 4, 5, 6, 7, 8):
        session.attempt_load(base + page * PAGE)
    for page in (0, 1, 2, 4, 6):
        session.attempt_store(base + page * PAGE)
    for page in (0, 2, 5):
        session.attempt_jump(base + page * PAGE)
    session.protect(base, PAGE, "rx")
    session.attempt_jump(base)
    session.attempt_load(0x40)
    session.attempt_store(KERNEL + 0x200000)
    session.stop()
    session.run(
        lab, files={"/data/short": b"".join(word.to_bytes(8, "little").ljust(PAGE, b"\0") for word in (5, 6))[:-100]}
    )
