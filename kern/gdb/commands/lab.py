"""lab: the holes of the labs, and breakpoints on them."""

import dataclasses
import os
import re

import gdb

from astrolabe.core.command import Usage, command

USAGE = "lab [break [HOLE]]"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# What stands at a hole: in the complete tree the solution between markers, in a handout the student's code below one line.
BEGIN = re.compile(r"// LAB ([a-z0-9.-]+)(?: \[begin\]|: your code)")
TODO = re.compile(r'^(?!\s*//).*lab_todo\("([a-z0-9.-]+)"')


@dataclasses.dataclass
class Hole:
    name: str
    file: str  # from the tree's root
    line: int  # of the first line of code
    is_open: bool = False


@command("lab", lambda: ["break", *[hole.name for hole in holes()]], physical=False)
def lab(arguments):
    """List the holes of the labs, say which are still open, and stop at them.

    lab                  every hole: open or written, and where
    lab break            a breakpoint at each hole of the kernel
    lab break HOLE       at this one:  lab break vmar.map

A hole is open as long as it calls lab_todo."""
    found = holes()
    if not arguments:
        yield from listing(found)
    elif arguments[0] == "break" and len(arguments) <= 2:
        yield from set_breakpoints([hole for hole in found if hole.name in (arguments[1:] or [hole.name])], arguments[1:])
    else:
        raise Usage(f"usage: {USAGE}")


def listing(found):
    open_holes = sum(hole.is_open for hole in found)
    yield f"{len(found)} holes, {open_holes} open" + ("" if open_holes else ": this tree is complete, or all are written")
    for hole in found:
        yield f"  {'OPEN   ' if hole.is_open else 'written'}  {hole.name:<24} {hole.file}:{hole.line}"


def set_breakpoints(found, wanted):
    if not found:
        raise Usage(f"there is no hole {wanted[0]}; lab lists them")
    for hole in found:
        if not hole.file.startswith("kern/"):
            yield f"  {hole.name}: is in a program, {hole.file}:{hole.line}; break there once it runs"
            continue
        breakpoint = gdb.Breakpoint(f"{hole.file}:{hole.line}")
        if breakpoint.pending:
            breakpoint.delete()
            yield f"  {hole.name}: the kernel has no code at {hole.file}:{hole.line}"


def holes():
    """In the order of files and lines."""
    found = []
    for folder in ("kern/vm", "kern/process", "user/lab"):
        for path, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
            for name in sorted(names):
                if name.endswith((".cpp", ".c")):
                    found += holes_in(os.path.relpath(os.path.join(path, name), ROOT))
    return found


def holes_in(file):
    with open(os.path.join(ROOT, file), encoding="utf-8", errors="replace") as source:
        lines = source.read().split("\n")
    todo = {match.group(1) for line in lines if (match := TODO.match(line))}
    return [Hole(match.group(1), file, number + 2, match.group(1) in todo)
            for number, line in enumerate(lines) if (match := BEGIN.search(line))]
