"""What a report tells a student who is stuck: where to read, which bytes differ, what the probe did last."""

import ast
import re

import pytest

from grade.challenge import Challenge
from grade.clause import anchor, linked
from grade.machine.machine import failed
from grade.model.stack import Plan, parse
from grade.probe import Lab
from grade.report import Failure
from grade.session import LEFT_OVER, left_over
from grade.side_by_side import bytes_side_by_side
from grade.stack_mistakes import recognised
from grade.stack_picture import picture
from grade.surprise import MOST_ASKED, asked
from grade.trail import Trail
from labs.catalog import ROOT

HEADING = re.compile(r"^#{1,4} (.*)$", re.MULTILINE)


def clauses():
    """The clause of every check, the hidden ones too."""
    for path in sorted(ROOT.glob("grade/checks/**/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "clause":
                yield path, node.value.value


def test_every_clause_is_a_section_that_exists():
    found = list(clauses())
    assert len(found) > 60
    for path, clause in found:
        page, _, section = linked(clause).partition("#")
        headings = {anchor(heading) for heading in HEADING.findall((ROOT / page).read_text())}
        assert section.partition(",")[0] in headings, f"{path.relative_to(ROOT)}: {clause}: no such section in {page}"


def test_a_clause_keeps_its_details():
    assert linked('labs/1-vmar "Placing a mapping", a hint') == "labs/1-vmar/README.md#placing-a-mapping, a hint"
    assert linked('docs/abi.md "Memory"') == "docs/abi.md#memory"


def test_bytes_are_shown_from_just_before_the_first_difference():
    wanted, have = b"prog\0A=1\0/lab/next0\0\0", b"prog\0A=1/lab/next0\0"
    assert bytes_side_by_side(0x1000, wanted, have).splitlines() == [
        "address  expected                           yours",
        "0x1000   70 72 6f 67 00 41 3d 31  prog.A=1  70 72 6f 67 00 41 3d 31  prog.A=1",
        "0x1008   00 2f 6c 61 62 2f 6e 65  ./lab/ne  2f 6c 61 62 2f 6e 65 78  /lab/nex  <-",
        "0x1010   78 74 30 00 00 -- -- --  xt0..     74 30 00 -- -- -- -- --  t0.       <-",
    ]
    assert bytes_side_by_side(0x1000, wanted, wanted) == ""
    assert "--" in bytes_side_by_side(0, b"there", None)


def stack(plan, argv=None, envp=None, argc=None, aux=((6, 4096), (0, 0)), shift=0):
    """An initial stack as a kernel may have written it: address and bytes."""
    argv = plan.places(plan.argv, plan.arg_strings + shift) if argv is None else argv
    envp = plan.places(plan.envp, plan.env_strings + shift) if envp is None else envp
    values = [len(plan.argv) if argc is None else argc, *argv, 0, *envp, 0, *(word for pair in aux for word in pair)]
    sp = plan.sp(len(aux))
    memory = b"".join(value.to_bytes(8, "little") for value in values)
    memory = memory.ljust(plan.arg_strings + shift - sp, b"\0") + plan.strings()
    return parse(sp, memory[: plan.top - sp]), memory[: plan.top - sp].ljust(plan.top - sp, b"\0")


PLAN = Plan([b"prog", b"x"], [b"A=1"], b"/lab/next0")
VALUES = {"PAGESZ": 4096}


def test_a_stack_is_shown_word_by_word_where_it_differs():
    argv, envp = PLAN.places(PLAN.argv, PLAN.arg_strings), PLAN.places(PLAN.envp, PLAN.env_strings)
    found, memory = stack(PLAN, argv=[argv[0], envp[0]])
    lines = picture(PLAN, found, memory, VALUES).splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["argc", "argv[0]", "argv[1]", "argv[2]", "envp[0]", "envp[1]", "key"]
    wrong = [line for line in lines if line.endswith("<-")]
    assert len(wrong) == 1 and f'{argv[1]:#x} "x"' in wrong[0] and f'{envp[0]:#x} "A=1"' in wrong[0]


def test_a_stack_whose_words_are_right_is_shown_by_its_bytes():
    found, memory = stack(PLAN)
    assert picture(PLAN, found, memory, VALUES) == ""
    assert "<-" in picture(PLAN, found, memory[:-9] + b"!" + memory[-8:], VALUES)


@pytest.mark.parametrize("wrong, hint", [
    ({}, ""),
    ({"argc": 3}, "argc counts the NULL that ends argv"),
    ({"shift": 8}, "all strings lie 8 bytes too high: something above them is missing"),
    ({"aux": ((4096, 6), (0, 0))}, "the pairs of the aux vector have the value first"),
    ({"argv": PLAN.places(PLAN.envp, PLAN.env_strings), "envp": PLAN.places(PLAN.argv, PLAN.arg_strings)},
     "envp stands where argv belongs"),
])
def test_a_known_mistake_has_its_hint(wrong, hint):
    told = recognised(PLAN, stack(PLAN, **wrong)[0])
    assert told.startswith(hint) and bool(told) == bool(hint)


def sample():
    challenge = Challenge()
    start = challenge.brk(0)
    challenge.open("/data/pages")
    challenge.load(start + 8)
    challenge.attempt()
    challenge.store(start, 1)
    challenge.repeat(3, 1)
    challenge.store(start, 2)
    challenge.touch(start, 4096, 3)
    challenge.stop()
    return challenge


def test_a_trail_tells_the_last_calls_and_what_has_not_come_back():
    recent = (0x37000, 3, *([0] * 14))
    assert Trail(sample(), begun=3, done=2, step=2, recent=recent).calls() == [
        "brk(0) = 0x37000", 'openat(-100, "/data/pages", 0, 0) = 3', "read [0]+0x8 has not come back"]
    assert Trail(sample(), begun=3, done=2, step=3, recent=recent).calls()[-1] == "in a child: write [0] has not come back"
    assert Trail(sample(), begun=9, done=8, step=8, recent=recent).unfinished is None  # the grader looks


def test_every_step_can_be_told_wherever_the_trail_says_the_probe_is():
    challenge = sample()
    challenge.attempt()
    challenge.stop()  # in the child
    challenge.end(0)
    for at in range(len(challenge.steps)):
        assert all(Trail(challenge, begun=at + 1, done=at, step=at, recent=(0,) * 16).calls())


def test_steps_are_held_back_that_touch_memory_once_and_in_the_first_process():
    assert asked(sample(), "1 a") == [2, 7]
    many = Challenge()
    for page in range(40):
        many.load(page * 4096)
    assert len(asked(many, "1 a")) == MOST_ASKED and asked(many, "1 a") == asked(many, "1 a") != asked(many, "2 a")
    forked = Challenge()
    forked.call("clone", 17, 0, 0, 0, 0)
    forked.load(0x1000)
    assert asked(forked, "1 a") == []


def test_a_warning_of_qemu_is_not_its_failure():
    assert not failed("qemu-system-riscv64: warning: icount sleep disabled and no active timers\n")
    assert failed("qemu-system-riscv64: warning: one\nqemu-system-riscv64: cannot set up guest memory: no space\n")


def test_a_failure_tells_what_the_machine_did_also_when_it_is_gone():
    challenge = Challenge()
    challenge.call("getpid")
    challenge.load(0x1000)  # nothing is mapped there
    challenge.stop()
    with pytest.raises(Failure) as raised, Lab(ROOT / "build", 1, "test").run(challenge) as run:
        run.to_stop()
    assert raised.value.parts["calls"] == "getpid() = 1\nread 0x1000 has not come back"
    assert raised.value.parts["step"] == "1" and raised.value.parts["yours"].endswith("status 139: SIGSEGV killed the probe")
    assert re.search(r"killed by SIGSEGV: .* \(user/lab/\w+\.c:\d+\)$", raised.value.parts["console"])


def test_a_page_that_should_not_be_there_is_told_as_a_mistake():
    assert left_over({0x1000: "rw"}, {0x1000: "rw", 0x2000: "r"}) == LEFT_OVER
    assert not left_over({0x1000: "rw"}, {0x1000: "r", 0x2000: "r"}) and not left_over({0x1000: "rw"}, {}) and not left_over({}, {})
