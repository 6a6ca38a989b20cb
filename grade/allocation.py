"""What the checks of malloc share: a random program of calls, and the rules any allocator keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from grade.challenge import Challenge, Result, returned
from grade.probe import Run
from grade.report import Failure
from grade.side_by_side import bytes_side_by_side

ALIGNMENT = 16


def pattern(number: int, size: int) -> bytes:
    """What the probe writes over a block: see alloc.c."""
    return bytes((number + i * 7) & 0xFF for i in range(size))


@dataclass
class Block:
    """A block as the challenge knows it; `kept` bytes of its content follow pattern `number`."""

    result: Result
    size: int
    number: int
    kept: int


@dataclass
class Heap:
    """Allocations in a challenge. Blocks that live at a stop are in `live`."""

    challenge: Challenge = field(default_factory=Challenge)
    live: list[Block] = field(default_factory=list)
    _number: int = 0

    def malloc(self, size: int) -> Block:
        self._number += 1
        result = self.challenge.add("ALLOC", size, self._number, text=f"malloc({size})")
        self.live.append(Block(result, size, self._number, size))
        return self.live[-1]

    def free(self, block: Block) -> None:
        self.challenge.add("FREE", block.result, text=f"free([{block.result.step}])")
        self.live.remove(block)

    def realloc(self, block: Block, size: int) -> Block:
        result = self.challenge.add("RESIZE", block.result, size, text=f"realloc([{block.result.step}], {size})")
        resized = Block(result, size, block.number, min(block.kept, size))
        self.live[self.live.index(block)] = resized
        return resized


def check_blocks(run: Run, blocks: list[Block], start: Result, end: Result) -> None:
    """Failure unless the blocks are aligned, lie in the heap, are apart from each other, and hold what was written."""
    low, high = run.result(start), run.result(end)
    placed = [(run.result(block.result), block) for block in blocks]
    free_from = low
    for at, block in sorted(placed, key=lambda entry: entry[0]):
        did = run.challenge.steps[block.result.step].text
        if at == 0:
            raise run.failure(did, "a block", "NULL")
        if at % ALIGNMENT:
            raise run.failure(did, f"a multiple of {ALIGNMENT}", returned(at))
        if at < low or at + block.size > high:
            raise run.failure(did, f"a block inside the heap, {low:#x}-{high:#x}", returned(at))
        if at < free_from:
            raise run.failure(did, f"a block apart from the one that ends at {free_from:#x}", returned(at))
        free_from = at + block.size
        have = run.bytes_at(at, block.kept)
        if have != pattern(block.number, block.kept):
            wanted = pattern(block.number, block.kept)
            seen = bytes_side_by_side(at, wanted, have)
            raise run.failure(did, f"its {len(wanted)} bytes as they were written", "other bytes", picture=seen)


def expect_used(run: Run, start: Result, end: Result, most: int, did: str) -> None:
    """Failure when the heap takes more than `most` bytes."""
    used = run.result(end) - run.result(start)
    if used > most:
        raise Failure(did, f"a heap of at most {most} bytes", f"{used} bytes")
