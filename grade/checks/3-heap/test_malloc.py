"""malloc over the break: holes malloc.alloc, malloc.free, malloc.realloc."""

from grade.allocation import Heap, check_blocks, expect_used
from grade.challenge import PAGE
from grade.check import check
from grade.report import Failure

RLIMIT_DATA = 2
SLACK = 128 << 10  # bytes an allocator may take in advance


@check(
    "malloc-blocks",
    clause='labs/3-heap "malloc"',
    needs="brk-grow",
    common="a block's head must not lie in the payload of the one below",
)
def test_blocks(lab):
    """malloc: blocks are aligned, apart from each other, and inside the heap."""
    heap = Heap()
    start = heap.challenge.brk(0)
    for _ in range(80):
        heap.malloc(lab.random.choice([0, 1, 8, 15, 16, 17, 24, 100, 1000, 4096, lab.random.randrange(1, 20_000)]))
    end = heap.challenge.brk(0)
    heap.challenge.stop()
    with lab.run(heap.challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, heap.live, start, end)


@check(
    "malloc-reuse",
    clause='labs/3-heap "free"',
    needs="malloc-blocks",
    common="malloc looks among the free blocks before it asks for more heap",
)
def test_reuse(lab):
    """free: memory given back is used again."""
    heap, size = Heap(), lab.random.randrange(200, 2000)
    challenge = heap.challenge
    start = challenge.brk(0)
    fence = heap.malloc(64)
    challenge.repeat(2000, 2)
    block = challenge.add("ALLOC", size, 3, text=f"malloc({size}) and free it")
    challenge.add("FREE", block)
    hole, _ = heap.malloc(size), heap.malloc(64)
    heap.free(hole)
    heap.malloc(size + 16)  # the hole is just too small
    blocks = [heap.malloc(size) for _ in range(30)]
    for each in blocks[::2]:
        heap.free(each)
    for _ in range(15):
        heap.malloc(size - lab.random.randrange(64))
    challenge.add("FREE", 0, text="free(NULL)")
    end = challenge.brk(0)
    challenge.stop()
    with lab.run(challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, [fence, *heap.live[1:]], start, end)
        expect_used(
            run,
            start,
            end,
            33 * (size + 64) + SLACK,
            f"2000 times: malloc({size}), free; then 30 blocks, every second one twice",
        )


@check(
    "malloc-coalesce",
    clause='labs/3-heap "free", neighbours',
    needs="malloc-reuse",
    common="a block that becomes free joins the free block below it and the one above it",
)
def test_coalesce(lab):
    """free: free neighbours become one block, in whatever order they are freed."""
    heap, random = Heap(), lab.random
    start = heap.challenge.brk(0)
    size, groups = random.randrange(1000, 3000), 20
    blocks = [[heap.malloc(size) for _ in range(3)] + [heap.malloc(16)] for _ in range(groups)]
    for group in blocks:
        for block in random.sample(group[:3], 3):
            heap.free(block)
    before = heap.challenge.brk(0)
    for _ in range(groups):
        heap.malloc(3 * size)
    end = heap.challenge.brk(0)
    heap.challenge.stop()
    with lab.run(heap.challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, heap.live, start, end)
        if run.result(end) != run.result(before):
            did = f"20 times three blocks of {size} bytes side by side, freed; then 20 blocks of {3 * size} bytes"
            raise Failure(did, "no more heap is needed", f"{run.result(end) - run.result(before)} bytes more")


@check(
    "realloc",
    clause='labs/3-heap "realloc"',
    needs="malloc-blocks",
    common="the bytes that both sizes have in common are kept, wherever the block goes",
)
def test_realloc(lab):
    """realloc: the contents are kept."""
    heap, random = Heap(), lab.random
    start = heap.challenge.brk(0)
    blocks = [heap.malloc(random.randrange(1, 3000)) for _ in range(24)]
    for block in random.sample(blocks, 20):
        heap.realloc(
            block, random.choice([1, 24, block.size, block.size + 1, block.size * 2, random.randrange(1, 9000)])
        )
    fresh = heap.challenge.add("RESIZE", 0, 100, text="realloc(NULL, 100)")
    end = heap.challenge.brk(0)
    heap.challenge.stop()
    with lab.run(heap.challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, heap.live, start, end)
        if run.result(fresh) == 0:
            raise run.failure("realloc(NULL, 100)", "a block", "NULL")


@check(
    "realloc-in-place",
    clause='labs/3-heap "realloc", in place',
    needs="realloc",
    common="look at the block above before moving; at the end of the heap, move the break instead",
)
def test_in_place(lab):
    """realloc: a block stays where it is if it can, and what it gives up is free."""
    heap, size = Heap(), lab.random.randrange(500, 3000)
    start = heap.challenge.brk(0)
    low, middle, high = heap.malloc(size), heap.malloc(size), heap.malloc(64)
    heap.free(middle)
    grown = heap.realloc(low, 2 * size - 64)
    smaller = heap.realloc(grown, size // 2)
    last = heap.malloc(200_000)
    longer = heap.realloc(last, 300_000)
    marks = [mark for new_size, next_size in ((16, 15_000), (40_000, 20_000)) for mark in give_up(heap, new_size, next_size)]
    end = heap.challenge.brk(0)
    heap.challenge.stop()
    with lab.run(heap.challenge, program="alloc") as run:
        run.to_stop()
        check_blocks(run, heap.live, start, end)
        pairs = (
            (low, grown, "the block above is free"),
            (grown, smaller, "the block shrinks"),
            (last, longer, "the heap ends above it"),
        )
        for before, after, why in pairs:
            if run.result(before.result) != run.result(after.result):
                text = heap.challenge.steps[after.result.step].text
                raise run.failure(f"{text}: {why}", hex(run.result(before.result)), hex(run.result(after.result)))
        for before, after, did in zip(marks[::2], marks[1::2], ("shrunk to 16; then 12 of 15000", "moved; then 12 of 20000")):
            more = run.result(after) - run.result(before)
            if more:
                raise run.failure(f"12 blocks of 20000 bytes {did}", "no more heap is needed", f"{more} bytes more")


def give_up(heap, new_size, next_size):
    """12 blocks with others between them get a new size; then 12 blocks go where they were. The break before and after."""
    blocks = [(heap.malloc(20_000), heap.malloc(16))[0] for _ in range(12)]
    for block in blocks:
        heap.realloc(block, new_size)
    before = heap.challenge.brk(0)
    for _ in blocks:
        heap.malloc(next_size)
    return before, heap.challenge.brk(0)


@check("malloc-limits", clause='labs/3-heap "When memory runs out"', needs="malloc-blocks")
def test_limits(lab):
    """malloc, realloc: NULL for what cannot be had, and everything goes on."""
    heap, challenge = Heap(), None
    challenge = heap.challenge
    start = challenge.brk(0)
    heap.malloc(100)
    keep = heap.malloc(500)
    sizes = [(1 << 64) - 1, (1 << 64) - 16, (1 << 64) - 31, 1 << 63, (1 << 63) - 1, 1 << 47]
    nothing = [challenge.add("ALLOC", size, 0, text=f"malloc({size:#x})") for size in sizes]
    nothing += [challenge.add("RESIZE", keep.result, size, text=f"realloc(block, {size:#x})") for size in sizes]
    challenge.set_limit(RLIMIT_DATA, 2 << 20)
    nothing.append(challenge.add("ALLOC", 8 << 20, 0, text="malloc(8 MiB) under a limit of 2 MiB"))
    heap.malloc(100_000)
    heap.malloc(10)
    end = challenge.brk(0)
    challenge.stop()
    with lab.run(challenge, program="alloc") as run:
        run.to_stop()
        for result in nothing:
            if run.result(result):
                raise run.failure(challenge.steps[result.step].text, "NULL", hex(run.result(result)))
        check_blocks(run, heap.live, start, end)
        expect_used(run, start, end, 2 << 20, "blocks under a limit of 2 MiB")


assert SLACK % PAGE == 0
