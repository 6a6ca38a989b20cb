"""The program break: holes heap.grow, heap.shrink."""

from grade.challenge import PAGE, SIGSEGV, Challenge, Result, returned
from grade.check import check
from grade.model.space import CAP
from grade.report import Failure
from grade.session import check_frame

RLIMIT_DATA = 2
MAP_GROWSDOWN = 0x100


def up(at: int) -> int:
    return (at + PAGE - 1) & -PAGE


def expect_break(run, start, steps: list[tuple[Result, int]], common: str = "") -> None:
    """Each step returned the break at `start` plus so many bytes."""
    base = run.result(start)
    for result, offset in steps:
        yours = run.result(result)
        if yours != base + offset:
            text = run.challenge.steps[result.step].text
            hint = "\n".join(text for text in (recognised(base, offset, yours), common) if text)
            failure = run.failure(text, f"start + {offset:#x} = {base + offset:#x}", told(base, yours), hint)
            failure.parts["step"] = str(result.step)
            raise failure


def told(base: int, yours: int) -> str:
    """A break as a person reads it."""
    return f"start + {yours - base:#x}" if base <= yours < CAP else returned(yours)


def recognised(base: int, offset: int, yours: int) -> str:
    """The mistake that a wrong break shows, where it is a known one."""
    if yours > CAP:
        return "that is an errno; the system call brk never returns one, but the break as it is"
    if offset % PAGE and yours == base + up(offset):
        return "the break was rounded up to its page; only the mapping goes by pages"
    if offset % PAGE and yours == base + offset // PAGE * PAGE:
        return "the break was rounded down to its page"
    return ""


@check(
    "brk-grow",
    clause='labs/3-heap "Moving the break up"',
    common="new pages are anonymous, readable and writable; they get frames when they are touched",
)
def test_grow(lab):
    """brk: the heap starts empty behind the program, and grows by zeroed pages."""
    challenge, pages = Challenge(), lab.random.randrange(5, 20)
    start = challenge.brk(0)
    moved = challenge.brk(start + pages * PAGE)
    read = challenge.load(start + 2 * PAGE)
    challenge.touch(start, 2 * PAGE, 0x100)
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        end = up(max(segment.address + segment.size for segment in run.elf.loads()))
        if run.result(start) != end:
            raise Failure("brk(0)", f"{end:#x}, the page after the program", hex(run.result(start)))
        expect_break(run, start, [(moved, pages * PAGE)])
        run.expect(read, 0)
        for page in (0, 1):
            check_frame(run, end + page * PAGE, "rw", 0x100 + page, f"grow by {pages} pages, write two")
        touched = [hex(leaf.address) for leaf in run.leaves(end, pages * PAGE)]
        if len(touched) != 3:
            raise Failure(f"grow by {pages} pages, touch three", "three pages in the table", ", ".join(touched))


@check(
    "brk-unaligned",
    clause='labs/3-heap "A break inside a page"',
    needs="brk-grow",
    common="the break is the value asked for, to the byte; pages are mapped up to the next page border",
)
def test_unaligned(lab):
    """brk: the break need not be aligned, and is returned exactly."""
    challenge, steps = Challenge(), []
    start = challenge.brk(0)
    for _ in range(12):
        offset = lab.random.choice([1, 15, 4095, 4096, 4097, 8191, lab.random.randrange(1, 60_000)])
        steps.append((challenge.brk(start + offset), offset))
        steps.append((challenge.brk(0), offset))
        challenge.add("STORE", start + (up(offset) - 8), offset, text="write the last word of its last page")
    last = steps[-1][1]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        expect_break(run, start, steps)
        base = run.result(start)
        beyond = [hex(leaf.address) for leaf in run.leaves(base + up(last), 1 << 24)]
        if beyond:
            raise Failure(f"the break is at start + {last:#x}", "nothing mapped above its page", ", ".join(beyond))


@check(
    "brk-shrink",
    clause='labs/3-heap "Moving the break down"',
    needs="brk-grow",
    common="the page that the break lies in stays; those above it go",
)
def test_shrink(lab):
    """brk: released pages are gone, the others keep their contents."""
    challenge, keep = Challenge(), lab.random.randrange(3, 9)
    start = challenge.brk(0)
    steps = [(challenge.brk(start + 16 * PAGE), 16 * PAGE)]
    challenge.touch(start, 16 * PAGE, 0x300)
    offset = keep * PAGE - lab.random.randrange(1, PAGE)
    steps.append((challenge.brk(start + offset), offset))
    challenge.stop()
    inside = [challenge.attempt(), challenge.load(start + (keep - 1) * PAGE)][:1]
    above = [challenge.attempt(), challenge.load(start + keep * PAGE)][:1]
    steps.append((challenge.brk(start), 0))
    none = [challenge.attempt(), challenge.load(start)][:1]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        expect_break(run, start, steps[:2])
        base, did = run.result(start), f"grow by 16 pages, write them, move the break to start + {offset:#x}"
        have = {(leaf.address - base) // PAGE: run.word_at(leaf.address) for leaf in run.leaves(base, 16 * PAGE)}
        if have != {page: 0x300 + page for page in range(keep)}:
            raise Failure(did, f"pages 0 to {keep - 1} as written, no others", f"pages {sorted(have)}")
        run.to_stop()
        expect_break(run, start, steps)
        run.expect(inside[0], 0)
        run.expect(above[0], SIGSEGV)
        run.expect(none[0], SIGSEGV)


@check(
    "brk-zero",
    clause='labs/3-heap "Down and up again"',
    needs="brk-grow",
    common="pages that were given back come again as zeroes; a page that was kept keeps its bytes",
)
def test_zero(lab):
    """brk: what the heap grows over again reads as zero."""
    challenge, kept = Challenge(), lab.random.randrange(8, PAGE, 8)
    start = challenge.brk(0)
    challenge.brk(start + 8 * PAGE)
    challenge.touch(start, 8 * PAGE, 0x400)
    down = challenge.brk(start + 2 * PAGE + kept)
    up_again = challenge.brk(start + 8 * PAGE)
    words = [challenge.load(start + page * PAGE) for page in range(8)]
    challenge.brk(start)
    challenge.brk(start + PAGE)
    first = challenge.load(start)
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        expect_break(run, start, [(down, 2 * PAGE + kept), (up_again, 8 * PAGE)])
        for page, result in enumerate(words):
            run.expect(result, 0x400 + page if page <= 2 else 0)
        run.expect(first, 0)


@check(
    "brk-collision",
    clause='labs/3-heap "Something in the way"',
    needs="brk-grow",
    common="a failed brk returns the old break, to the byte; above the heap a page stays free, below a stack its guard gap",
)
def test_collision(lab):
    """brk: a mapping in the way stops the heap, and stays."""
    challenge, steps = Challenge(), []
    gap, old = lab.random.randrange(4, 30), lab.random.randrange(1, 2 * PAGE)
    start = challenge.brk(0)
    steps.append((challenge.brk(start + old), old))
    challenge.mmap(start + gap * PAGE, 2 * PAGE, flags=0x32, text=f"map 2 pages at start + {gap:#x} pages")
    challenge.touch(start + gap * PAGE, 2 * PAGE, 0x500)
    for beyond in (0, 1, PAGE, 2 * PAGE, 3 * PAGE, 100 * PAGE):
        steps.append((challenge.brk(start + gap * PAGE + beyond), old))
    steps.append((challenge.brk(0), old))
    kept = [challenge.load(start + (gap + page) * PAGE) for page in (0, 1)]
    steps.append((challenge.brk(start + (gap - 1) * PAGE), (gap - 1) * PAGE))
    challenge.touch(start + (gap - 2) * PAGE, PAGE, 0x600)
    challenge.munmap(start + gap * PAGE, PAGE, text="unmap the first of the two")
    steps.append((challenge.brk(start + gap * PAGE), gap * PAGE))
    challenge.munmap(start + (gap + 1) * PAGE, PAGE, text="unmap the second")
    challenge.mmap(start + 1000 * PAGE, PAGE, flags=0x32 | MAP_GROWSDOWN, text="map a stack at start + 1000 pages")
    steps.append((challenge.brk(start + 800 * PAGE), gap * PAGE))  # 200 pages below it
    steps.append((challenge.brk(start + 700 * PAGE), 700 * PAGE))
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        expect_break(run, start, steps)
        for page, result in enumerate(kept):
            run.expect(result, 0x500 + page)


@check("brk-limits", clause='labs/3-heap "Limits"', needs="brk-grow")
def test_limits(lab):
    """brk: values out of bounds leave the break alone."""
    challenge, steps = Challenge(), []
    old = lab.random.randrange(1, 3 * PAGE)
    start = challenge.brk(0)
    steps.append((challenge.brk(start + old), old))
    for impossible in (1, 0x10000, CAP, CAP + 1, 1 << 38, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        steps.append((challenge.brk(impossible), old))
    steps.append((challenge.brk(start - 1), old))
    challenge.set_limit(RLIMIT_DATA, 4 << 20)
    steps.append((challenge.brk(start + (4 << 20) + 1), old))
    steps.append((challenge.brk(start + (3 << 20)), 3 << 20))
    challenge.store(start + ((3 << 20) - 8), 1)
    steps.append((challenge.brk(start + 100), 100))
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        expect_break(run, start, steps, "brk never returns an errno: the new break, or the old one")


@check("brk-rights", clause='labs/3-heap "The program meddles"', needs="brk-grow")
def test_rights(lab):
    """brk: new pages are writable and released ones gone, whatever the program did to the heap."""
    challenge, steps = Challenge(), []
    start = challenge.brk(0)
    steps.append((challenge.brk(start + 8 * PAGE), 8 * PAGE))
    challenge.touch(start, 8 * PAGE, 0x700)
    challenge.mprotect(start, 8 * PAGE, "r", text="protect the heap r")
    steps.append((challenge.brk(start + 12 * PAGE), 12 * PAGE))
    challenge.touch(start + 8 * PAGE, 4 * PAGE, 0x800)
    challenge.munmap(start + 4 * PAGE, 3 * PAGE, text="unmap pages 4 to 6 of the heap")
    challenge.stop()
    steps.append((challenge.brk(start + 2 * PAGE), 2 * PAGE))
    steps.append((challenge.brk(start + 5 * PAGE), 5 * PAGE))
    challenge.touch(start + 2 * PAGE, 3 * PAGE, 0x900)
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        base = run.result(start)
        for page in range(8, 12):
            check_frame(run, base + page * PAGE, "rw", 0x800 + page - 8, "protect the heap r, then grow it")
        check_frame(run, base, "r", 0x700, "protect the heap r, then grow it")
        run.to_stop()
        expect_break(run, start, steps)
        for page in range(2, 5):
            check_frame(run, base + page * PAGE, "rw", 0x900 + page - 2, "shrink over a hole, then grow")
        beyond = [hex(leaf.address) for leaf in run.leaves(base + 5 * PAGE, 20 * PAGE)]
        if beyond:
            raise Failure("shrink over a hole, then grow to 5 pages", "nothing mapped above", ", ".join(beyond))


@check("brk-fork", clause='labs/3-heap "fork"', needs="brk-grow")
def test_fork(lab):
    """brk: a child has the break and the bytes of its parent, and moves its own."""
    challenge, old = Challenge(), lab.random.randrange(1, 2 * PAGE)
    start = challenge.brk(0)
    steps = [(challenge.brk(start + old), old)]
    challenge.touch(start, PAGE, 0xA00)
    challenge.attempt()
    challenge.brk(start + 10 * PAGE)
    steps.append((challenge.brk(0), old))
    beyond = [challenge.attempt(), challenge.load(start + 5 * PAGE)][:1]
    steps.append((challenge.brk(start + 3 * PAGE), 3 * PAGE))
    challenge.touch(start, 3 * PAGE, 0xB00)
    status = challenge.attempt()
    challenge.stop()  # in the child
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        base = run.result(start)
        for page in range(3):
            check_frame(
                run, base + page * PAGE, "r", 0xB00 + page, "grow to 3 pages, write them, fork; the child's heap"
            )
        run.to_stop()
        expect_break(run, start, steps)
        run.expect(beyond[0], SIGSEGV, "what the child's break did is the child's alone")
        run.expect(status, 0)
