"""Checks that handouts do not contain."""

from grade.challenge import PAGE, Challenge
from grade.check import check
from grade.model.stack import STACK_TOP
from grade.session import WINDOW
from grade.side_by_side import bytes_side_by_side
from grade.stack import Start, add_exec, enter, enter_first, entered, environment, told_size, words

E2BIG = 7
RLIMIT_STACK = 3


@check("many", clause='labs/2-init-stack "Strings", over several pages', needs="argv")
def test_many(lab):
    """start: hundreds of strings, some longer than a page, all arrive."""
    random = lab.random
    argv = words(random, 400) + [bytes([random.randrange(97, 123)]) * 5000, b"end"]
    for program in entered(lab, [Start(argv, environment(random, 60))]):
        found, plan = program.found, program.start.plan
        if (found.argc, found.argv) != (len(argv), plan.places(argv, plan.arg_strings)):
            raise program.fail(
                f"argc {len(argv)} and as many pointers", f"argc {found.argc}, {len(found.argv)} pointers"
            )
        if found.envp != plan.places(program.start.envp, plan.env_strings):
            raise program.fail("every string of the environment", f"{len(found.envp)} pointers")
        if program.memory[plan.arg_strings - program.sp :] != plan.strings():
            raise program.fail("the strings as given", "other bytes")


@check("paddings", clause='labs/2-init-stack "Where sp ends up"', needs="argv")
def test_paddings(lab):
    """start: sp is right for every length of the strings."""
    starts = [Start([b"p" * (1 + length)] * (1 + length % 2), [b"E=1"] * (length // 8)) for length in range(16)]
    for program in entered(lab, starts):
        found = program.found
        if program.sp % 16 or program.sp != program.start.plan.sp(len(found.aux) + 1):
            raise program.fail(f"sp = {program.start.plan.sp(len(found.aux) + 1):#x}", f"sp = {program.sp:#x}")
        if [program.string_at(at) for at in found.argv] != program.start.argv:
            raise program.fail("argv as given", "other strings")


@check("limits-small", clause='labs/2-init-stack "How much fits", the least', needs="limits")
def test_small(lab):
    """limits: 128 KiB of arguments fit, however small the stack's limit."""
    challenge, other = Challenge(), Challenge()
    other.end(0)
    challenge.set_limit(RLIMIT_STACK, 256 << 10)
    challenge.mmap(WINDOW, 32 * PAGE, flags=0x32)
    challenge.fill(WINDOW, 60_000, ord("c"))
    path, none = challenge.string("/lab/next"), challenge.pointers([])
    refused = challenge.call(
        "execve", path, challenge.pointers([WINDOW] * 3), none, text="execve with 180 kB of arguments"
    )
    challenge.stop()
    challenge.call("execve", path, challenge.pointers([WINDOW] * 2), none, text="execve with 120 kB of arguments")
    challenge.end(77)
    with lab.run(challenge, others={"/lab/next": other}) as run:
        enter_first(run)
        run.to_stop()
        run.expect(refused, -E2BIG)
        program = enter(run, Start([b"", b""], []))
        if program.found.argc != 2:
            raise program.fail("argc 2", f"argc {program.found.argc}")


@check("reader-offsets", clause='labs/2-init-stack "Reading it back"', needs="reader")
def test_offsets(lab):
    """reader: any offset, nothing past the end, and what is left when a page is gone."""
    argv, envp = [bytes([97 + number]) * 1500 for number in range(6)], environment(lab.random, 2)
    start, first, challenge = Start(argv, envp), Challenge(), Challenge()
    add_exec(first, "/lab/next", start)
    first.end(77)
    content = b"".join(text + b"\0" for text in argv)
    reads = []

    def read(offset: int, size: int, wanted: bytes) -> None:
        fd = challenge.open("/proc/self/cmdline")
        challenge.call("lseek", fd, offset, 0, text="")
        buffer = challenge.put(bytes(size), 8)
        reads.append(
            (challenge.call("read", fd, buffer, size, text=f"read {size} from offset {offset}"), buffer, wanted)
        )

    for offset in (0, 1, 1499, 1500, 4000, len(content) - 1):
        read(offset, 1600, content[offset : offset + 1600])
    read(len(content), 100, b"")
    read(len(content) + 5000, 100, b"")
    gone = (start.plan.arg_strings + PAGE) & -PAGE
    challenge.munmap(gone, STACK_TOP - gone)  # all above, or the stack would grow over the hole
    read(0, 3 * PAGE, content[: gone - start.plan.arg_strings])
    challenge.stop()
    with lab.run(first, others={"/lab/next": challenge}) as run:
        enter_first(run)
        enter(run, start)
        run.becomes(challenge)
        run.to_stop()
        for result, buffer, wanted in reads:
            count = run.result(result)
            have = run.bytes_at(buffer, count) if count <= 3 * PAGE else None
            if have != wanted:
                did = challenge.steps[result.step].text
                raise run.failure(did, f"{len(wanted)} bytes", told_size(count), picture=bytes_side_by_side(0, wanted, have))
