"""What a program finds on its stack: holes aux.serialise, stack.plan, stack.map, stack.strings, stack.pointers."""

from grade.challenge import PAGE, Challenge, waited
from grade.check import check
from grade.model.stack import AUX, STACK_TOP
from grade.report import Failure
from grade.session import check_frame
from grade.stack import PAGES_BELOW, Start, enter, entered, environment, listed, words


@check(
    "stack-map",
    clause='labs/2-init-stack "The stack is a mapping"',
    common="the mapping ends at the layout's stack_top; rights are read and write, not execute",
)
def test_map(lab):
    """map: memory for the stack lies below the top, readable and writable, not executable."""
    challenge = Challenge()
    places = [STACK_TOP - PAGE * number for number in sorted(lab.random.sample(range(2, PAGES_BELOW), 4))]
    for number, place in enumerate(places):
        challenge.store(place, 0x8082 + (number << 16))  # `ret`
    challenge.stop()
    killed = [challenge.attempt(), challenge.jump(places[0])][:1]
    killed += [challenge.attempt(), challenge.load(STACK_TOP)][:1]
    challenge.stop()
    with lab.run(challenge) as run:
        run.to_stop()
        for number, place in enumerate(places):
            check_frame(run, place, "rw", 0x8082 + (number << 16), f"write to {place:#x}")
        run.to_stop()
        for result, did in zip(killed, ("execute code on the stack", "read at the top")):
            if run.result(result) & 0x7F != 11:
                raise Failure(did, "killed by SIGSEGV", waited(run.result(result)))


@check("argv", clause='labs/2-init-stack "Pointers"', needs="stack-map")
def test_argv(lab):
    """start: argc and argv are what execve was given."""
    starts = [Start(words(lab.random, count), [b"A=1"]) for count in (1, 2, lab.random.randrange(5, 20))]
    for program in entered(lab, starts):
        found, argv = program.found, program.start.argv
        if found.argc != len(argv):
            raise program.fail(f"argc {len(argv)}", f"argc {found.argc}", "argc counts the strings, not the NULL")
        texts = [program.string_at(at) for at in found.argv]
        if texts != argv:
            raise program.fail(f"argv {listed(argv)}", f"argv {listed(texts)}", "argv[argc] is NULL, and argv begins right above argc")


@check(
    "envp",
    clause='labs/2-init-stack "Pointers"',
    needs="stack-map",
    common="envp begins above the NULL that ends argv, and ends with a NULL itself",
)
def test_envp(lab):
    """start: envp is what execve was given, in its order."""
    starts = [Start([b"prog"], environment(lab.random, count)) for count in (0, 1, lab.random.randrange(6, 15))]
    for program in entered(lab, starts):
        texts = [program.string_at(at) for at in program.found.envp]
        if texts != program.start.envp:
            raise program.fail(f"envp {listed(program.start.envp)}", f"envp {listed(texts)}")


@check(
    "alignment",
    clause='labs/2-init-stack "Where sp ends up"',
    needs="stack-map",
    common="align sp after counting everything that lies between it and the strings, argc too",
)
def test_alignment(lab):
    """start: sp is a multiple of 16, and argc lies there."""
    starts = [Start(words(lab.random, count + 1), environment(lab.random, count % 3)) for count in range(6)]
    for program in entered(lab, starts):
        if program.sp % 16:
            raise program.fail("sp a multiple of 16", f"sp = {program.sp:#x}")
        found = program.found
        if found.argc != len(program.start.argv) or found.aux_end is None:
            raise program.fail(f"argc {len(program.start.argv)} at sp, an aux vector with an end", f"argc {found.argc}")
        wanted = program.start.plan.sp(len(found.aux) + 1)
        if program.sp != wanted:
            raise program.fail(f"sp = {wanted:#x}, no more padding than needed", f"sp = {program.sp:#x}")


@check(
    "strings",
    clause='labs/2-init-stack "Strings"',
    needs="stack-map",
    common="downward from the top: 8 zero bytes, the path, env strings, arg strings, each group ascending, no gaps",
)
def test_strings(lab):
    """start: strings lie at the top of the stack, in their order and without gaps."""
    starts = [Start(words(lab.random, 4), environment(lab.random, 3)), Start([b"x"], [])]
    for program in entered(lab, starts):
        plan = program.start.plan
        have = program.memory[plan.arg_strings - program.sp :] if plan.arg_strings >= program.sp else b""
        if have != plan.strings():
            raise program.fail(f"{len(plan.strings())} bytes of strings from {plan.arg_strings:#x} on", "other bytes")


@check(
    "aux",
    clause='labs/2-init-stack "The aux vector"',
    needs="stack-map",
    common="each pair is the key, then the value; a pair of zeroes ends the vector",
)
def test_aux(lab):
    """start: the aux vector has every key once, with its value, and an end."""
    for program in entered(lab, [Start(words(lab.random, 3), environment(lab.random, 2))]):
        found, elf = program.found, program.run.elf
        if found.aux_end is None:
            raise program.fail("an aux vector that ends with AT_NULL", f"{len(found.aux)} pairs and no end")
        keys = [key for key, _ in found.aux]
        if len(set(keys)) != len(keys):
            raise program.fail("every key once", f"keys {keys}")
        wanted = {key: value for key, value in program.aux_values().items() if key not in ("RANDOM", "EXECFN")}
        for key, value in wanted.items():
            if found.value(key) != value:
                have = "absent" if found.value(key) is None else hex(found.value(key))
                raise program.fail(f"AT_{key} ({AUX[key]}) = {value:#x}", have)
        isa = found.value("HWCAP") or 0
        if any(not isa >> (ord(letter) - ord("a")) & 1 for letter in "imafdc"):
            raise program.fail("AT_HWCAP with the bits of i m a f d c", hex(isa))
        program_headers = elf.data[elf.phoff : elf.phoff + 56 * elf.phnum]
        if program.run.bytes_at(found.value("PHDR"), 56 * elf.phnum) not in (bytes(program_headers), None):
            raise program.fail("AT_PHDR is where the program headers lie in memory", hex(found.value("PHDR")))


@check("aux-random", clause='labs/2-init-stack "The aux vector", AT_RANDOM', needs="stack-map")
def test_random(lab):
    """start: AT_RANDOM points to 16 fresh random bytes right below the argument strings."""
    seen = []
    for program in entered(lab, [Start(words(lab.random, 2), environment(lab.random, 2))] * 2):
        at = program.found.value("RANDOM")
        if at != program.start.plan.random:
            raise program.fail(f"AT_RANDOM = {program.start.plan.random:#x}", "absent" if at is None else hex(at))
        seen.append(program.memory[at - program.sp : at - program.sp + 16])
        if len(set(seen[-1])) < 5:
            raise program.fail("16 random bytes", seen[-1].hex())
    if seen[0] == seen[1]:
        raise Failure("start a program twice", "other random bytes each time", seen[0].hex())


@check(
    "aux-execfn",
    clause='labs/2-init-stack "The aux vector", AT_EXECFN',
    needs="stack-map",
    common="AT_EXECFN is the path given to execve, whatever argv[0] says",
)
def test_execfn(lab):
    """start: AT_EXECFN points to the path that was executed."""
    for program in entered(lab, [Start([b"another name"], environment(lab.random, 1))]):
        at = program.found.value("EXECFN")
        text = None if at is None else program.string_at(at)
        if at != program.start.plan.execfn or text != program.start.path:
            where = "absent" if at is None else f"{at:#x} {text}"
            raise program.fail(f"AT_EXECFN = {program.start.plan.execfn:#x} {program.start.path}", where)


@check("empty", clause='labs/2-init-stack "Pointers", nothing given', needs="stack-map")
def test_empty(lab):
    """start: without arguments argv is one empty string, envp is empty."""
    for program in entered(lab, [Start([], []), Start([b"", b""], [b""])]):
        found, argv = program.found, program.start.argv or [b""]
        texts = [program.string_at(at) for at in found.argv], [program.string_at(at) for at in found.envp]
        if (found.argc, *texts) != (len(argv), argv, program.start.envp):
            raise program.fail(
                f"argc {len(argv)}, argv {listed(argv)}, envp {listed(program.start.envp)}",
                f"argc {found.argc}, argv {listed(texts[0])}, envp {listed(texts[1])}",
            )


@check("boot", clause='labs/2-init-stack "The first program"', needs="stack-map")
def test_boot(lab):
    """start: the first program gets the boot arguments."""
    challenge, args = Challenge(), [word.decode() for word in words(lab.random, 5)] + ["", 'a "b" \\ c']
    challenge.end(0)
    with lab.run(challenge, args=tuple(args)) as run:
        start = Start([b"/lab/probe", *(word.encode() for word in args)], [], b"/lab/probe")
        program = enter(run, start)
        texts = [program.string_at(at) for at in program.found.argv]
        if texts != start.argv:
            raise program.fail(f"argv {listed(start.argv)}", f"argv {listed(texts)}")
