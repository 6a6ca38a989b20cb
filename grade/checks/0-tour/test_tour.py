"""The tour's answers, against what the machine does with the student's name: holes tour.run, tour.fault, tour.call, tour.page.

A failed check does not tell the right answer, only where to look for it.
"""

import re
import tomllib
from contextlib import contextmanager

from grade.check import check
from grade.machine import Machine, StopKind
from grade.machine.cpio import archive
from grade.machine.errors import InfrastructureError
from grade.machine.sv39 import PAGE
from grade.probe import FOLDERS
from grade.report import Failure

PROGRAM = "/lab/tour"
SIGSEGV = 139  # the status of a machine whose first program was killed by it


def answers(lab) -> dict:
    """The student's file. Failure when it cannot be read, or has no name."""
    path = lab.build.parent / "labs/0-tour/answers.toml"
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure("read labs/0-tour/answers.toml", "a file in TOML", str(error)) from None
    name = table.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"\w{1,40}", name, re.ASCII):
        raise Failure("read labs/0-tour/answers.toml", "name: your name, one word of letters and digits", f"name = {name!r}")
    return table


@contextmanager
def machine(lab, part=""):
    """The machine that `make run CMD='/lab/tour NAME part'` boots, and the program's ELF file."""
    elf = lab.program("tour")
    append = f"init={PROGRAM} quiet norandmaps -- {answers(lab)['name']} {part}".rstrip()
    initrd = archive({PROGRAM: bytes(elf.data)}, FOLDERS)
    if lab.save:
        lab.save_boot("tour", initrd, append)
    with Machine(lab.build / "kernel.elf", initrd, append, keep=lab.keep) as running:
        yield running, elf


def run_to(running, elf, symbol):
    """Runs to a place of the program. What stands in the way is the grader's trouble: the kernel is no student's."""
    if running.run_to(elf.symbols[symbol]).kind is not StopKind.BREAKPOINT:
        raise InfrastructureError(f"the tour's program did not come to {symbol}", running.evidence())


def compare(lab, part, key, right, look):
    """Failure unless the answer is right; `look` says how to find it."""
    table = answers(lab)
    part_of_file = table.get(part, {}) if part else table
    yours = part_of_file.get(key) if isinstance(part_of_file, dict) else None
    if type(yours) is not type(right) or yours != right:
        name = f"{part}.{key}" if part else key
        raise Failure(f"your answer {name}", look, "no answer yet" if yours is None else f"{yours!r}, which it is not")


def command(lab, part):
    return f"make run CMD='{PROGRAM} {answers(lab)['name']}{' ' + part if part else ''}'"


@check("word", clause='labs/0-tour "Boot, and run a program"')
def test_word(lab):
    """run: the word that the program says."""
    with machine(lab) as (running, elf):
        run_to(running, elf, "leave")
        word = running.page_table().read(elf.symbols["word"], 8).decode()
    compare(lab, "", "word", word, f"the word that {command(lab, '')} prints")


@check("status", clause='labs/0-tour "Boot, and run a program"', needs="word")
def test_status(lab):
    """run: the status that the program ends with."""
    with machine(lab) as (running, _):
        status = running.run_to_end().status
    compare(lab, "", "status", status, f"the exit status of {command(lab, '')}")


def killed(lab):
    """(address, write, allowed nothing or mapped, function) of the fault that ends the program."""
    with machine(lab, "fault") as (running, elf):
        stars = {elf.symbols[name]: name for name in "altair deneb mira polaris rigel sirius spica vega".split()}
        if running.run_to(*stars).kind is not StopKind.BREAKPOINT:
            raise InfrastructureError("the tour's program did not come to its fault", running.evidence())
        registers = running.gdb.registers()
        status = running.run_to_end().status
        if status != SIGSEGV:
            raise InfrastructureError(f"the tour's program ended with status {status}")
        mapped = "not allowed there" in running.console()
    access = "write" if registers["a1"] else "read"
    return registers["a0"], access, "not allowed" if mapped else "nothing mapped", stars[registers["pc"]]


@check("fault-address", clause='labs/0-tour "Read a fault"', needs="word")
def test_fault_address(lab):
    """fault: the address that the program was killed for."""
    compare(lab, "fault", "address", killed(lab)[0], f"the address in the line that {command(lab, 'fault')} ends with")


@check("fault-access", clause='labs/0-tour "Read a fault"', needs="word")
def test_fault_access(lab):
    """fault: what it did there, and why it may not."""
    _, access, why, _ = killed(lab)
    compare(lab, "fault", "access", access, "read or write")
    compare(lab, "fault", "why", why, "nothing mapped, or not allowed")


@check("fault-function", clause='labs/0-tour "Read a fault"', needs="word")
def test_fault_function(lab):
    """fault: the function that did it."""
    compare(lab, "fault", "function", killed(lab)[3], "the function that addr2line names for the address behind `from`")


@contextmanager
def at_the_call(lab):
    with machine(lab, "call") as (running, elf):
        run_to(running, elf, "the_call")
        yield running, elf


@check("call-number", clause='labs/0-tour "Follow a system call"', needs="word")
def test_call_number(lab):
    """call: which system call it is."""
    with at_the_call(lab) as (running, _):
        number = running.gdb.registers()["a0"]
    compare(lab, "call", "number", number, "what is in a7 at the ecall of the_call")


@check("call-argument", clause='labs/0-tour "Follow a system call"', needs="word")
def test_call_argument(lab):
    """call: its second argument."""
    with at_the_call(lab) as (running, _):
        second = running.gdb.registers()["a2"]
    compare(lab, "call", "second", second, "what is in a1 at the ecall of the_call")


@check("call-result", clause='labs/0-tour "Follow a system call"', needs="word")
def test_call_result(lab):
    """call: what the kernel returned."""
    with at_the_call(lab) as (running, elf):
        run_to(running, elf, "back_again")
        result = running.gdb.registers()["a0"]
    compare(lab, "call", "result", result - ((result >> 63) << 64), "what is in a0 at back_again, as a signed number")


@check("call-file", clause='labs/0-tour "Follow a system call"', needs="word")
def test_call_file(lab):
    """call: where in the kernel it is answered."""
    with at_the_call(lab) as (running, _):
        number = running.gdb.registers()["a0"]
    tree = lab.build.parent
    row = re.compile(rf'(?:SYSCALL\(|\{{){number}, ')
    file = next(path for path in sorted(tree.glob("kern/syscall/*.cpp")) if row.search(path.read_text()))
    compare(lab, "call", "file", str(file.relative_to(tree)), "the file that the function stands in which `p handlers[NUMBER]` names")


@contextmanager
def pages(lab):
    """The page table at look_here, and the address of the four pages."""
    with machine(lab, "page") as (running, elf):
        run_to(running, elf, "look_here")
        yield running.page_table(), running.gdb.registers()["a0"]


def rights(table, place):
    leaves = [table.find(place + number * PAGE) for number in range(4)]
    return ["absent" if leaf is None else leaf.perms.replace("-", "") for leaf in leaves]


@check("page-rights", clause='labs/0-tour "See what the page table holds"', needs="word")
def test_page_rights(lab):
    """page: the rights of the four pages in the page table."""
    with pages(lab) as (table, place):
        right = rights(table, place)
    compare(lab, "page", "rights", right, 'for each page "absent", "r" or "rw": what the page table says at look_here')


@check("page-word", clause='labs/0-tour "See what the page table holds"', needs="word")
def test_page_word(lab):
    """page: what was written to the first page that was."""
    with pages(lab) as (table, place):
        written = place + rights(table, place).index("rw") * PAGE
        word = int.from_bytes(table.read(written, 8), "little")
    compare(lab, "page", "word", word, "the eight bytes at the beginning of the first page that is rw, by x/gx")
