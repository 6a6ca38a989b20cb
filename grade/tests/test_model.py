"""The model against what it specifies: Linux itself, for the address space, and worked examples for the rest."""

import ctypes
import random
import re
import struct

import pytest

from grade.challenge import DATA_OFFSET, MARK_SIZE, MOST_STEPS, STEP_SIZE, Challenge, prot_bits, returned, word_sum
from grade.model.space import CAP, EEXIST, EINVAL, ENOMEM, EPERM, LOWEST, PAGE, SIGBUS, SIGSEGV, Denied, Space, normal
from grade.model.stack import Plan, parse
from grade.report import difference, runs

BASE, PAGES = 0x2_0000_0000, 32
FIXED_PRIVATE_ANONYMOUS = 0x32
NO_REPLACE = 0x10_0022

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_long
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def on_linux(call, *arguments):
    """What the system call returns, an errno as a negative number."""
    value = call(*arguments)
    return -ctypes.get_errno() if value == -1 else value


def linux_pages():
    """Rights of the window's pages, as Linux has them."""
    pages = {}
    for line in open("/proc/self/maps", encoding="ascii"):
        start, end, perms = re.match(r"(\w+)-(\w+) (...)", line).groups()
        for page in range(max(int(start, 16), BASE), min(int(end, 16), BASE + PAGES * PAGE), PAGE):
            pages[page] = normal(perms)
    return pages


@pytest.mark.parametrize("seed", range(5))
def test_random_operations_on_linux_and_in_the_model(seed):
    draw, space = random.Random(seed), Space()
    libc.munmap(BASE, PAGES * PAGE)
    for _ in range(400):
        at = BASE + draw.randrange(PAGES - 8) * PAGE
        size = draw.randrange(9) * PAGE
        perms = draw.choice(["", "r", "rw", "rx"])
        kind = draw.choice(["map", "no replace", "unmap", "protect"])
        try:
            if kind == "unmap":
                wanted = space.unmap(at, size)
            elif kind == "protect":
                wanted = space.protect(at, size, perms)
            else:
                wanted = space.map(size, perms, at, "fixed" if kind == "map" else "noreplace")
        except Denied as denied:
            wanted = -denied.errno
        if kind == "unmap":
            yours = on_linux(libc.munmap, at, size)
        elif kind == "protect":
            yours = on_linux(libc.mprotect, at, size, prot_bits(perms))
        else:
            flags = FIXED_PRIVATE_ANONYMOUS if kind == "map" else NO_REPLACE
            yours = on_linux(libc.mmap, at, size, prot_bits(perms), flags, -1, 0)
        assert yours == wanted, (kind, hex(at), size, perms)
        assert linux_pages() == {page: entry.perms for page, entry in space.pages.items()}
    libc.munmap(BASE, PAGES * PAGE)


@pytest.mark.parametrize(
    "at, size, placement, errno",
    [
        (LOWEST - PAGE, PAGE, "fixed", EPERM),
        (CAP, PAGE, "fixed", ENOMEM),
        (LOWEST + 1, PAGE, "fixed", EINVAL),
        (0, 0, "any", EINVAL),
        (0, 1 << 63, "any", ENOMEM),
        (LOWEST, PAGE, "noreplace", EEXIST),
    ],
)
def test_what_the_model_denies(at, size, placement, errno):
    space = Space()
    space.map(PAGE, "r", LOWEST, "fixed")
    with pytest.raises(Denied) as caught:
        space.map(size, "rw", at, placement)
    assert caught.value.errno == errno


def test_a_search_takes_the_highest_gap_that_fits():
    space = Space(top=0x40000000)
    assert space.map(8 * PAGE, "rw") == 0x40000000 - 8 * PAGE
    space.unmap(0x40000000 - 7 * PAGE, PAGE)
    space.unmap(0x40000000 - 4 * PAGE, 2 * PAGE)
    assert space.map(PAGE, "rw") == 0x40000000 - 3 * PAGE
    assert space.map(2 * PAGE, "rw") == 0x40000000 - 10 * PAGE
    assert space.map(PAGE, "rw") == 0x40000000 - 4 * PAGE


def test_contents_follow_their_backing():
    space = Space()
    space.add_object("file", [5, 6, 7])
    space.map(4 * PAGE, "rw", BASE, "fixed", file="file", offset=PAGE)
    assert [space.load(BASE), space.load(BASE + PAGE)] == [6, 7]
    space.unmap(BASE, PAGE)
    assert space.load(BASE + PAGE) == 7
    assert [space.access(BASE, "r"), space.access(BASE + PAGE, "r"), space.access(BASE + 2 * PAGE, "r")] == [
        SIGSEGV,
        0,
        SIGBUS,
    ]
    space.store(BASE + PAGE, 9)
    space.map(PAGE, "r", BASE + PAGE, "fixed")
    assert [space.load(BASE + PAGE), space.access(BASE + PAGE, "w")] == [0, SIGSEGV]


def test_the_plan_of_a_stack_and_reading_it_back():
    plan = Plan([b"ab", b"c"], [b"E=1"], b"/p", top=0x10000)
    assert plan.execfn == 0x10000 - 8 - 3 and plan.strings() == b"ab\0c\0E=1\0/p\0" + bytes(8)
    assert Plan.places([b"ab", b"c"], 100) == [100, 103]
    sp = plan.sp(aux_pairs=2)
    assert sp % 16 == 0 and plan.random - sp >= 8 * (1 + 3 + 2 + 4)
    words = struct.pack("<10Q", 2, 11, 12, 0, 13, 0, 6, 4096, 0, 0)
    found = parse(sp, words)
    assert (found.argc, found.argv, found.envp, found.value("PAGESZ")) == (2, [11, 12], [13], 4096)
    assert found.aux_end == sp + len(words)
    assert parse(sp, words[:-16]).aux_end is None


def test_a_challenge_as_bytes():
    challenge = Challenge()
    path = challenge.string("/x")
    first = challenge.mmap(0x1000, PAGE)
    challenge.store(first + 8, -1)
    challenge.pointers([path, 7])
    packed = challenge.pack(0x10000)
    assert struct.unpack_from("<Q", packed)[0] == 2
    step = struct.unpack_from("<II18Q", packed, 8 + MARK_SIZE + STEP_SIZE)
    assert step[:2] == (4, 0) and step[2:6] == (1, 8, 0, (1 << 64) - 1)
    data = packed[DATA_OFFSET:]
    assert data[:3] == b"/x\0" and struct.unpack_from("<3Q", data, 8) == (0x10000 + DATA_OFFSET, 7, 0)


def test_too_many_steps_are_refused():
    challenge = Challenge()
    for _ in range(MOST_STEPS):
        challenge.stop()
    with pytest.raises(ValueError):
        challenge.stop()


def test_sums_depend_on_places():
    assert word_sum(struct.pack("<2Q", 1, 2)) != word_sum(struct.pack("<2Q", 2, 1))


def test_results_as_people_read_them():
    assert [returned(0), returned(0x20000), returned(-12), returned(-1000)] == ["0", "0x20000", "ENOMEM", "errno 1000"]


def test_pictures():
    pages = {0x1000: "a", 0x2000: "b", 0x4000: "c", 0x100000: "d"}
    assert runs(pages) == "0x1000 [a b] .. [c]  0x100000 [d]"
    assert runs({}) == "nothing"
    assert difference(pages, dict(pages), "") is None
    failure = difference(pages, pages | {0x4000: "x"}, "did")
    assert failure.parts["yours"].endswith("<- 0x4000 is x, should be c")
