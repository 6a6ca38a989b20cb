"""Checks that handouts do not contain."""

from grade.allocation import Block, Heap, check_blocks, expect_used
from grade.challenge import PAGE, Challenge
from grade.check import check
from grade.report import Failure


@check("brk-random", clause='labs/3-heap "All of it together"', needs="brk-grow")
def test_random(lab):
    """brk: a random sequence of breaks gives the pages the model says."""
    challenge, random, steps, stops = Challenge(), lab.random, [], []
    start = challenge.brk(0)
    written: dict[int, int] = {}  # page -> word
    for turn in range(120):
        offset = random.choice([random.randrange(40 * PAGE), random.randrange(41) * PAGE])
        steps.append((challenge.brk(start + offset), offset, turn // 10))
        pages = (offset + PAGE - 1) // PAGE
        written = {page: word for page, word in written.items() if page < pages}
        for page in random.sample(range(pages), min(3, pages)):
            written[page] = random.randrange(1, 1 << 40)
            challenge.store(start + page * PAGE, written[page])
        if turn % 10 == 9:
            challenge.stop()
            stops.append((dict(written), pages))
    with lab.run(challenge) as run:
        for number, (words, pages) in enumerate(stops):
            run.to_stop()
            base = run.result(start)
            for result, offset, when in steps:
                if when == number and run.result(result) != base + offset:
                    raise run.failure("brk", f"start + {offset:#x}", f"start + {run.result(result) - base:#x}")
            have = {(leaf.address - base) // PAGE: run.word_at(leaf.address) for leaf in run.leaves(base, 64 * PAGE)}
            if {page: word for page, word in have.items() if word} != words or any(page >= pages for page in have):
                raise Failure(f"brk to {pages} pages after a random sequence", sorted(words), sorted(have))


@check("brk-frames", clause='labs/3-heap "Moving the break down", frames', needs="brk-shrink")
def test_frames(lab):
    """brk: growing page by page costs no more than the pages, and all of them come back."""
    challenge, pages = Challenge(), 1000

    def round_trip() -> None:
        challenge.repeat(pages, 2)
        challenge.call("brk", start + PAGE, strides=(PAGE,), text=f"grow by one page, write it, {pages} times")
        challenge.add("STORE", start, 1, strides=(PAGE,))

    start = challenge.brk(0)
    round_trip()
    challenge.brk(start)
    challenge.sysinfo()
    before = challenge.sysinfo()
    round_trip()
    grown = challenge.sysinfo()
    challenge.brk(start)
    after = challenge.sysinfo()
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        used = run.free_pages(before) - run.free_pages(grown)
        if used > pages + 10:
            raise Failure(f"grow by one page {pages} times", f"{pages} frames and a few page tables", f"{used} frames")
        lost = run.free_pages(before) - run.free_pages(after)
        if lost:
            raise Failure("grow, then shrink to nothing", "every frame free again", f"{lost} frames fewer")


@check("malloc-random", clause='labs/3-heap "All of it together"', needs="malloc-blocks")
def test_malloc_random(lab):
    """malloc, free, realloc: a long random sequence keeps every block intact."""
    heap, random, stops = Heap(), lab.random, []
    challenge = heap.challenge
    start = challenge.brk(0)
    for turn in range(450):
        kind = random.random()
        if kind < 0.45 or len(heap.live) < 5:
            heap.malloc(int(2 ** random.uniform(0, 13)))
        elif kind < 0.75:
            heap.free(random.choice(heap.live))
        else:
            heap.realloc(random.choice(heap.live), int(2 ** random.uniform(0, 13)))
        if turn % 75 == 74:
            end = challenge.brk(0)
            challenge.stop()
            stops.append((list(heap.live), end))
    with lab.run(challenge, program="alloc") as run:
        for blocks, end in stops:
            run.to_stop()
            check_blocks(run, blocks, start, end)
        live = sum(block.size for block in heap.live)
        expect_used(run, start, stops[-1][1], 4 * live + (512 << 10), f"450 calls that leave {live} bytes in use")


@check("malloc-overhead", clause='labs/3-heap "malloc", what a block costs', needs="malloc-blocks")
def test_overhead(lab):
    """malloc: small blocks cost little."""
    challenge, size = Challenge(), lab.random.randrange(40, 49)
    start = challenge.brk(0)
    challenge.repeat(3000, 1)
    last = challenge.add("ALLOC", size, 1, text=f"malloc({size})")
    end = challenge.brk(0)
    challenge.stop()
    with lab.run(challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, [Block(last, size, 1, size)], start, end)
        expect_used(run, start, end, 3000 * 96 + (128 << 10), f"3000 times malloc({size})")
