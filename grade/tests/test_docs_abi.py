"""docs/abi.md holds every system call that the kernel has, under its number, and names every error that its handler gives."""

import re

from grade.tests.pages import ROOT

ROW = re.compile(r"^\| (\d+) \| (?:<a id=\"\w+\"></a>)?`(\w+)` \| (.*) \|$", re.MULTILINE)
# A row of a table: SYSCALL(57, close), whose handler is sys_close, or {63, "read", call<sys_move<IN, HERE>>}.
ENTRY = re.compile(r'SYSCALL\((\d+), (\w+)\)|\{(\d+), "(\w+)", ([^{}]*)\}')
PAGE = (ROOT / "docs/abi.md").read_text()
SOURCES = {path.name: path.read_text() for path in sorted((ROOT / "kern/syscall").glob("*.cpp"))}
SHARED = set(re.findall(r"`(E\w+)`", PAGE.partition("## Errors that many calls share")[2].partition("\n## ")[0]))


def entries(text: str) -> list[tuple[str, str, str]]:
    """Number, name and handler of each row."""
    return [(short, name, f"sys_{name}") if short else (number, full, handler) for short, name, number, full, handler in ENTRY.findall(text)]


def test_the_page_has_every_call_and_no_other():
    told = {int(number): name for number, name, _ in ROW.findall(PAGE)}
    have = {int(number): name for text in SOURCES.values() for number, name, _ in entries(text)}
    assert len(have) > 100 and told == have


def test_every_call_stands_under_its_file():
    for section in PAGE.split("\n## ")[1:]:
        file = re.search(r"In `kern/syscall/(\w+\.cpp)`", section)
        for number, name, _ in ROW.findall(section):
            assert (number, name) in [entry[:2] for entry in entries(SOURCES[file[1]])], f"{name} is not in {file[1]}"


def errors_given(text: str, function: str) -> set[str]:
    """The errors that the body of a function names; what it calls is not looked into."""
    lines = text.split("\n")
    begin = next(number for number, line in enumerate(lines) if re.match(rf"[A-Za-z].*\b{function}\(", line))
    end = begin if lines[begin].endswith("}") else lines.index("}", begin)
    return set(re.findall(r"(?<!== )Errno::(\w+)", "\n".join(lines[begin : end + 1])))


def told_in(name: str, rows: dict[str, str]) -> str:
    """The row of a call, and those of the calls that it says it is like."""
    line = rows.get(name, "")
    return line + "".join(told_in(other, rows) for pair in re.findall(r"as `(\w+)`(?: and `(\w+)`)?", line) for other in pair)


def test_every_error_of_a_handler_is_told():
    """Where several calls share a handler, one of their rows tells it."""
    rows = {name: line for _, name, line in ROW.findall(PAGE)}
    missing, looked_at = [], 0
    for text in SOURCES.values():
        told: dict[str, str] = {}
        for _, name, handler in entries(text):
            for function in re.findall(r"sys_\w+", handler):
                told[function] = told.get(function, "") + told_in(name, rows)
        for function, line in told.items():
            given = errors_given(text, function)
            looked_at += len(given)
            missing += [f"{function}: {error}" for error in sorted(given - SHARED) if f"`{error}`" not in line]
    assert looked_at > 60 and not missing, "\n".join(missing)


def test_every_error_on_the_page_is_one_that_the_kernel_gives():
    kernel = "\n".join(path.read_text() for path in (ROOT / "kern").rglob("*") if path.suffix in (".cpp", ".h") and path.name != "result.h")
    assert not {error for error in re.findall(r"`(E[A-Z0-9]+)`", PAGE) if f"Errno::{error}" not in kernel}
