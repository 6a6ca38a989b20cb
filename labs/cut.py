"""Finds the holes marked in a file, and writes the file with some of them cut out.

    // LAB vmar.map [begin]
    ...solution...
    // LAB vmar.map [stub]
    //   the stub: this line without its slashes, code as it stands
    // LAB vmar.map [end]

A cut hole leaves `// LAB vmar.map: your code (labs/1-vmar, task 2)` and the stub. A filled one leaves the solution. Where
comments begin with `#`, the markers do, too; what the student writes there are answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labs.catalog import Hole
from labs.problem import Problem

MARKER = re.compile(r"^(?P<indent>[ \t]*)(?P<comment>//|#) LAB (?P<hole>[a-z0-9.-]+) \[(?P<kind>begin|stub|end)\][ \t]*$")
SUSPECT = re.compile(r"(//|#)\s*LAB\b")
CUT_MARK = re.compile(r"(// LAB [a-z0-9.-]+: your code|# LAB [a-z0-9.-]+: your answers) \(.*\)$")
STUB_LINE = re.compile(r"^[ \t]*(?://|#)(?: {1,3}(?P<text>.*))?$")
CUT = {"//": "// LAB {}: your code ({})", "#": "# LAB {}: your answers ({})"}
TODO_CALL = re.compile(r"lab_todo\(")


@dataclass(frozen=True)
class Region:
    """One marked hole: line numbers (from 0) of its three markers, and its stub ready to be put in place."""

    hole: str
    begin: int
    stub_at: int
    end: int
    indent: str
    comment: str  # how a comment begins in this file
    stub: tuple[str, ...]


def read_stub(file: str, lines: list[str], first: int, last: int, indent: str) -> tuple[str, ...]:
    """The stub's lines, uncommented and indented as the begin marker is."""
    stub = []
    for number in range(first, last):
        match = STUB_LINE.match(lines[number])
        if not match:
            raise Problem(f"{file}:{number + 1}: a stub's lines begin with //")
        text = (match["text"] or "").rstrip()
        stub.append(indent + text if text else "")
    return tuple(stub)


def find_regions(file: str, text: str) -> list[Region]:
    """The marked holes of a file in order. A malformed marker is a Problem with file and line."""
    lines = text.split("\n")
    regions: list[Region] = []
    begin = stub = None  # the match and line number of the markers already seen of the open region
    for number, line in enumerate(lines):
        where = f"{file}:{number + 1}"
        match = MARKER.match(line)
        if not match:
            if SUSPECT.search(line) and not CUT_MARK.search(line):
                raise Problem(
                    f"{where}: not a lab marker: '{line.strip()}'; it is // LAB hole [begin], [stub] or [end]"
                )
            continue
        hole, kind = match["hole"], match["kind"]
        if begin is None:
            if kind != "begin":
                raise Problem(f"{where}: [{kind}] of {hole} without a [begin]")
            if any(region.hole == hole for region in regions):
                raise Problem(f"{where}: hole {hole} is marked twice")
            begin = (match, number)
        elif hole != begin[0]["hole"]:
            raise Problem(f"{where}: [{kind}] of {hole} inside {begin[0]['hole']}, begun at line {begin[1] + 1}")
        elif kind == "begin":
            raise Problem(f"{where}: {hole} begins again; it was begun at line {begin[1] + 1}")
        elif kind == "stub":
            if stub is not None:
                raise Problem(f"{where}: {hole} has a second [stub]")
            stub = number
        elif stub is None:
            raise Problem(f"{where}: {hole} ends without a [stub]")
        else:
            indent = begin[0]["indent"]
            body = read_stub(file, lines, stub + 1, number, indent)
            regions.append(Region(hole, begin[1], stub, number, indent, begin[0]["comment"], body))
            begin = stub = None
    if begin is not None:
        raise Problem(f"{file}:{begin[1] + 1}: {begin[0]['hole']} begins here and has no [end]")
    return regions


def check_regions(file: str, regions: Iterable[Region], holes: dict[str, Hole]) -> None:
    """Raises a Problem when a marked hole is unknown, in another file than its lab says, or has a wrong stub."""
    for region in regions:
        where = f"{file}:{region.begin + 1}"
        hole = holes.get(region.hole)
        if hole is None:
            raise Problem(f"{where}: no lab.toml lists the hole {region.hole}")
        if hole.file != file:
            raise Problem(f"{where}: hole {region.hole} belongs in {hole.file}, says labs/{hole.lab}/lab.toml")
        stub = "\n".join(region.stub)
        if TODO_CALL.search(stub) and f'lab_todo("{hole.name}", "{hole.where_told}")' not in stub:
            raise Problem(
                f'{file}:{region.stub_at + 1}: the stub should call lab_todo("{hole.name}", "{hole.where_told}")'
            )


def render(file: str, text: str, is_cut: Callable[[str], bool], holes: dict[str, Hole]) -> str:
    """The file with the holes for which is_cut(name) holds replaced by their stubs, the others by their solution."""
    regions = find_regions(file, text)
    check_regions(file, regions, holes)
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    for region in regions:
        out += lines[at : region.begin]
        if is_cut(region.hole):
            out.append(region.indent + CUT[region.comment].format(region.hole, holes[region.hole].where_told))
            out += region.stub
        else:
            out += lines[region.begin + 1 : region.stub_at]
        at = region.end + 1
    return "\n".join(out + lines[at:])


def solution_lines(file: str, text: str) -> dict[str, list[str]]:
    """The stripped lines of each hole's solution, for tests that look for leaks."""
    lines = text.split("\n")
    return {
        region.hole: [line.strip() for line in lines[region.begin + 1 : region.stub_at] if line.strip()]
        for region in find_regions(file, text)
    }
