"""Placing and making mappings: holes vmar.find-free, vmar.place, vmar.map."""

from grade.challenge import MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_PRIVATE, PAGE, Challenge
from grade.check import check
from grade.model.space import CAP, EEXIST, EINVAL, ENOMEM, EPERM, Space
from grade.report import Failure
from grade.session import WINDOW, Session

PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS


@check("start", clause='labs/1-vmar "What runs first"', common="the first program needs tasks 1 to 5, 8 and 9")
def test_start(lab):
    """map, fault: a program is mapped and runs."""
    challenge = Challenge()
    pid = challenge.call("getpid")
    challenge.stop()
    status = lab.random.randrange(1, 100)
    challenge.end(status)
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(pid, 1)
        ended = run.to_end()
        if ended != status:
            raise run.failure("the probe exits", f"status {status}", f"status {ended}")


@check(
    "map-fixed",
    clause='labs/1-vmar "Placing a mapping", MAP_FIXED',
    needs="start",
    common="MAP_FIXED takes exactly the range asked for, and what was there is gone",
)
def test_fixed(lab):
    """map: a fixed mapping replaces what is there, and nothing beside it."""
    session = Session()
    base = WINDOW + lab.random.randrange(100) * PAGE
    session.map(base, 8 * PAGE)
    session.touch(base, 8 * PAGE, 0xA0)
    session.stop()
    session.map(base + 2 * PAGE, 3 * PAGE, "rw")
    session.load(base + 3 * PAGE)
    session.stop()
    session.map(base - 2 * PAGE, 4 * PAGE, "r")
    session.map(base + 7 * PAGE, 2 * PAGE, "rwx")
    session.touch(base + 7 * PAGE, 2 * PAGE, 0xB0)
    for page in range(-2, 9):
        session.load(base + page * PAGE)
    session.stop()
    session.run(lab)


@check("map-no-replace", clause='labs/1-vmar "Placing a mapping", MAP_FIXED_NOREPLACE', needs="start")
def test_no_replace(lab):
    """map: fixed-no-replace refuses a range that is occupied, even in part."""
    session = Session(common="the range is refused as a whole if one page of it is taken; what is there stays")
    base = WINDOW + lab.random.randrange(100) * PAGE
    session.map(base, 4 * PAGE, placement="noreplace")
    session.touch(base, 4 * PAGE, 0xC0)
    for first, count in ((0, 4), (-1, 2), (3, 2), (1, 1), (-2, 8), (-3, 3), (4, 2)):
        session.map(base + first * PAGE, count * PAGE, placement="noreplace")
    for page in range(4):
        session.load(base + page * PAGE)
    session.stop()
    session.run(lab)


@check("map-hint", clause='labs/1-vmar "Placing a mapping", a hint', needs="start")
def test_hint(lab):
    """map: a hint is honoured when it is free, and only then."""
    challenge, base = Challenge(), WINDOW + lab.random.randrange(100) * PAGE
    free = challenge.mmap(base + 123, 4 * PAGE)
    challenge.touch(base, 4 * PAGE, 0xD0)
    taken = [challenge.mmap(base + page * PAGE, 2 * PAGE) for page in (0, 3, -1)]
    low = challenge.mmap(0x8000, PAGE)
    beside = challenge.mmap(base + 4 * PAGE, PAGE)
    kept = [challenge.load(base + page * PAGE) for page in range(4)]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(free, base, "a hint is rounded down to its page")
        run.expect(beside, base + 4 * PAGE)
        for result in (*taken, low):
            where = run.result(result)
            if where % PAGE or not WINDOW + (1 << 30) <= where <= CAP - PAGE:
                text = challenge.steps[result.step].text
                raise run.failure(text, "a place found by searching, high in the space", hex(where))
        for page, result in enumerate(kept):
            run.expect(result, 0xD0 + page, "a hint never replaces a mapping")


@check(
    "find-free",
    clause='labs/1-vmar "Searching"',
    needs="start",
    common="the search goes from the top down and takes the highest gap that is large enough",
)
def test_find_free(lab):
    """map: a search takes the highest gap that fits."""
    challenge, space = Challenge(), Space(top=0x30_0000_0000)
    size = 400 * PAGE
    first = challenge.mmap(0, size)
    origin = space.map(size, "rw")
    wanted = []
    at = 0
    while at < 380:  # gaps of 1 to 12 pages, kept apart by at least one
        gap = lab.random.randrange(1, 13)
        challenge.munmap(first + at * PAGE, gap * PAGE, text=f"unmap {gap} pages at base+{at:#x} pages")
        space.unmap(origin + at * PAGE, gap * PAGE)
        at += gap + lab.random.randrange(1, 8)
    for _ in range(40):
        pages = lab.random.choice([1, 1, 2, 3, 5, 8, 11, 13, 30])
        wanted.append((challenge.mmap(0, pages * PAGE), space.map(pages * PAGE, "rw"), pages))
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        base = run.result(first)
        if base % PAGE or not 0x10_0000_0000 < base < CAP - size:
            raise Failure(challenge.steps[0].text, "a place high in the space, page-aligned", hex(base))
        for result, modelled, pages in wanted:
            yours = run.result(result) - base
            if yours != modelled - origin:
                did = f"400 pages at {base:#x} with gaps of 1 to 12 pages; then map {pages} pages anywhere"
                raise Failure(did, hex(base + modelled - origin), hex(base + yours))


@check("map-errors", clause='docs/abi.md "Memory", mmap, munmap, mprotect', needs="start")
def test_errors(lab):
    """map, unmap, protect: impossible requests are refused with the right error."""
    challenge = Challenge()
    fixed = PRIVATE | MAP_FIXED
    cases = [
        (challenge.mmap(0, 0), -EINVAL),
        (challenge.mmap(0xF000, PAGE, flags=fixed), -EPERM),
        (challenge.mmap(0, PAGE, flags=fixed), -EPERM),
        (challenge.mmap(0xF000, PAGE, flags=PRIVATE | MAP_FIXED_NOREPLACE), -EPERM),
        (challenge.mmap(CAP, PAGE, flags=fixed), -ENOMEM),
        (challenge.mmap(CAP - PAGE, 2 * PAGE, flags=fixed), -ENOMEM),
        (challenge.mmap(WINDOW + 1, PAGE, flags=fixed), -EINVAL),
        (challenge.mmap(CAP - PAGE, PAGE, flags=fixed), CAP - PAGE),
        (challenge.mmap(CAP - PAGE, PAGE, flags=PRIVATE | MAP_FIXED_NOREPLACE), -EEXIST),
    ]
    cases += [(challenge.mmap(0, size), -ENOMEM) for size in (1 << 38, (1 << 63) - 1, 1 << 63, (1 << 64) - PAGE)]
    cases += [
        (challenge.munmap(WINDOW + 1, PAGE), -EINVAL),
        (challenge.munmap(WINDOW, 0), -EINVAL),
        (challenge.munmap(CAP, PAGE), -EINVAL),
        (challenge.munmap(WINDOW, 1 << 63), -EINVAL),
        (challenge.munmap(WINDOW, 16 * PAGE), 0),
        (challenge.mprotect(WINDOW + 1, PAGE, "r"), -EINVAL),
        (challenge.mprotect(WINDOW, 0, "r"), 0),
        (challenge.mprotect(WINDOW, PAGE, "r"), -ENOMEM),
    ]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect_all(cases)
