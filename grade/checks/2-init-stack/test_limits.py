"""How large the arguments may be, and how far the stack grows: holes stack.limits, stack.grow, stack.reader."""

from grade.challenge import PAGE, SIGSEGV, Challenge
from grade.check import check
from grade.model.stack import GUARD_GAP, STACK_LIMIT, STACK_TOP
from grade.report import Failure
from grade.session import WINDOW
from grade.side_by_side import bytes_side_by_side
from grade.stack import Start, add_exec, enter, enter_first, environment, told_size, words

E2BIG = 7
LIMIT = STACK_LIMIT // 4
STRING = 100_000  # bytes of a long argument, its NUL among them
RLIMIT_STACK = 3


def long_arguments(challenge: Challenge, total: int) -> tuple[int, int]:
    """Adds argv and an empty envp whose strings and pointers take `total` bytes; returns the two arrays' addresses."""
    count = total // (STRING + 8)
    rest = total - count * (STRING + 8)
    challenge.mmap(WINDOW, 64 * PAGE, flags=0x32, text="")
    challenge.fill(WINDOW, STRING - 1, ord("a"))
    challenge.fill(WINDOW + 40 * PAGE, rest - 9, ord("b"))
    return challenge.pointers([WINDOW] * count + [WINDOW + 40 * PAGE]), challenge.pointers([])


@check(
    "limits",
    clause='labs/2-init-stack "How much fits"',
    needs="argv",
    common="strings with their NULs and a pointer to each count; the limit is a quarter of the stack's",
)
def test_limits(lab):
    """limits: too many bytes of arguments are E2BIG, and the caller goes on."""
    challenge, other = Challenge(), Challenge()
    other.end(0)
    argv, envp = long_arguments(challenge, LIMIT + 8)
    path = challenge.string("/lab/next")
    refused = challenge.call("execve", path, argv, envp, text=f"execve with {LIMIT + 8} bytes of arguments")
    challenge.stop()
    argv, envp = long_arguments(challenge, LIMIT - 512)
    challenge.call("execve", path, argv, envp, text=f"execve with {LIMIT - 512} bytes of arguments")
    challenge.end(77)
    with lab.run(challenge, others={"/lab/next": other}) as run:
        enter_first(run)
        run.to_stop()
        run.expect(refused, -E2BIG)
        program = enter(run, Start([b""], []))
        if program.found.argc != LIMIT // (STRING + 8) + 1:
            raise program.fail("the arguments just below the limit arrive", f"argc {program.found.argc}")


@check(
    "grow",
    clause='labs/2-init-stack "Growing"',
    needs="stack-map",
    common="a fault below the stack extends its mapping down to the page touched, and is then answered as any other",
)
def test_grow(lab):
    """grow: the stack grows downward when it is touched."""
    challenge = Challenge()
    depth = [(1 << 20) // PAGE, *sorted(lab.random.sample(range(300, 1900), 4))]
    for number, pages in enumerate(depth):
        challenge.store(STACK_TOP - pages * PAGE, 0x100 + number)
    between = challenge.load(STACK_TOP - depth[-1] * PAGE + PAGE)
    challenge.stop()
    status = challenge.attempt()
    challenge.jump(STACK_TOP - depth[-1] * PAGE)
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(between, 0)
        for number, pages in enumerate(depth):
            at = STACK_TOP - pages * PAGE
            leaf = run.leaf(at)
            if leaf is None or leaf.perms != "rw-" or run.word_at(at) != 0x100 + number:
                raise Failure(f"write {pages} pages below the top", f"{at:#x} -> a frame, rw-", leaf or "nothing there")
        run.to_stop()
        run.expect(status, SIGSEGV, "what the stack grows by is not executable either")


@check(
    "grow-limit",
    clause='labs/2-init-stack "Growing", RLIMIT_STACK',
    needs="grow",
    common="the whole stack, not the step it grows by, is held against the limit",
)
def test_grow_limit(lab):
    """grow: not beyond RLIMIT_STACK, as it is at the time of the fault."""
    challenge, lowest = Challenge(), STACK_TOP - STACK_LIMIT
    over = [challenge.attempt(), challenge.store(lowest - 8, 1)][:1]
    at_limit = [challenge.attempt(), challenge.store(lowest, 1)][:1]
    challenge.set_limit(RLIMIT_STACK, 1 << 20)
    over += [challenge.attempt(), challenge.store(STACK_TOP - (1 << 20) - 8, 1)][:1]
    at_limit += [challenge.attempt(), challenge.store(STACK_TOP - (1 << 20), 1)][:1]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        for result in at_limit:
            run.expect(result, 0, "the lowest page within the limit may be used")
        for result in over:
            run.expect(result, SIGSEGV, "one byte beyond the limit is a SIGSEGV")


@check(
    "grow-gap",
    clause='labs/2-init-stack "Growing", the guard gap',
    needs="grow",
    common="256 pages stay free between the stack and the mapping below it",
)
def test_grow_gap(lab):
    """grow: never close to the mapping below."""
    challenge = Challenge()
    end = STACK_TOP - lab.random.randrange(900, 1500) * PAGE
    challenge.mmap(end - PAGE, PAGE, flags=0x32)
    near = [challenge.attempt(), challenge.store(end + GUARD_GAP - PAGE, 1)][:1]
    beside = [challenge.attempt(), challenge.store(end, 1)][:1]
    far = [challenge.attempt(), challenge.store(end + GUARD_GAP, 1)][:1]
    below = [challenge.attempt(), challenge.store(end - PAGE - 8, 1)][:1]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        run.expect(far[0], 0)
        run.expect(near[0], SIGSEGV)
        run.expect(beside[0], SIGSEGV)
        run.expect(below[0], SIGSEGV, "only a mapping that grows down grows")


def add_read(challenge, path, offset=0, size=2000):
    """Reads a file into the challenge's data; returns the result and where the bytes go."""
    fd = challenge.open(path)
    if offset:
        challenge.call("lseek", fd, offset, 0, text="")
    buffer = challenge.put(bytes(size), 8)
    return challenge.call("read", fd, buffer, size, text=f"read {path} from {offset}"), buffer


@check(
    "reader",
    clause='labs/2-init-stack "Reading it back"',
    needs="strings",
    common="the ranges were recorded at exec; the bytes are read when somebody asks",
)
def test_reader(lab):
    """reader: /proc/self/cmdline and environ are the bytes on the stack, as they are now."""
    argv, envp = words(lab.random, 4), environment(lab.random, 3)
    first, challenge = Challenge(), Challenge()
    start = Start(argv, envp)
    add_exec(first, "/lab/next", start)
    first.end(77)
    reads = [add_read(challenge, "/proc/self/cmdline"), add_read(challenge, "/proc/self/environ")]
    challenge.fill(start.plan.arg_strings, 1, ord("#"))
    reads.append(add_read(challenge, "/proc/self/cmdline"))
    challenge.stop()
    arg_bytes = b"".join(text + b"\0" for text in argv)
    env_bytes = b"".join(text + b"\0" for text in envp)
    with lab.run(first, others={"/lab/next": challenge}) as run:
        enter_first(run)
        enter(run, start)
        run.becomes(challenge)
        run.to_stop()
        for (result, buffer), wanted in zip(reads, (arg_bytes, env_bytes, b"#" + arg_bytes[1:])):
            count = run.result(result)
            have = run.bytes_at(buffer, count) if count <= 2000 else None
            if have != wanted:
                did, seen = challenge.steps[result.step].text, bytes_side_by_side(0, wanted, have)
                raise run.failure(did, f"{len(wanted)} bytes", told_size(count), picture=seen)
