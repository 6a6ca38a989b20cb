"""How a backtrace names the kernel's functions: `PageTable::walk<...>`, where the compiler has half a page of arguments."""

import re

import gdb
from gdb.FrameDecorator import FrameDecorator

LONGEST = 40  # template arguments up to here are shown
KEPT = ("operator(", "(anonymous namespace")


def short(name):
    """`int f<A>(B)::{lambda(C)#1}` -> `int f<A>::{lambda#1}`: without parameters, and long template arguments left out."""
    if re.search("operator[<>-]", name):
        return name  # brackets that are none
    out = ""
    for bracket, text in split(name):
        if bracket == "<":
            out += f"<{text if len(text) <= LONGEST else '...'}>"
        elif bracket == "(":
            out += f"({text})" if (out + "(" + text).endswith(KEPT) else ""
        else:
            out += text
    return out


def split(name):
    """[(the bracket around a part, or "", and its text)], each with what is inside of it."""
    parts, depth, bracket, text = [], 0, "", ""
    for letter in name:
        if (letter in "<(" and depth == 0) or (letter in ">)" and depth == 1):
            parts.append((bracket, text))
            bracket, text = letter if depth == 0 else "", ""
        else:
            text += letter
        depth += (letter in "<(") - (letter in ">)")
    return [*parts, ("", text)]


class Named(FrameDecorator):
    def function(self):
        name = super().function()
        if not isinstance(name, str):
            name = self.inferior_frame().name() or name
        return short(name) if isinstance(name, str) else name


class Names:
    name, priority, enabled = "astrolabe", 100, True

    def filter(self, frames):
        return map(Named, frames)


def register():
    gdb.frame_filters[Names.name] = Names()
