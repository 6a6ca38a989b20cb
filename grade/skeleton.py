"""The tree that a student of a lab begins with, as the files that are built and graded."""

from __future__ import annotations

from collections.abc import Collection

from grade.overlay import clean_files
from grade.workspace import Files
from labs.catalog import ROOT, Lab, all_labs
from labs.cut import find_regions, render


def skeleton(lab: Lab, filled: dict[str, str] | None = None, written: Collection[str] = ()) -> Files:
    """The reference with the holes of this and later labs cut (of this alone, if it comes with the whole kernel); `filled`
    gives code for some instead of the stub, those of `written` are as the reference has them."""
    files = clean_files(ROOT)
    holes = {hole.name: hole for other in all_labs() for hole in other.holes}
    later = [lab] if lab.kernel else [other for other in all_labs() if other.number >= lab.number]
    open_holes = {hole.name for other in later for hole in other.holes if hole.name not in written}
    for name in {hole.file for hole in holes.values()}:
        text, mode = files[name][0].decode(), files[name][1]
        for region in reversed(find_regions(name, text)):
            if region.hole in (filled or {}):
                lines = text.split("\n")
                lines[region.begin : region.end + 1] = filled[region.hole].rstrip("\n").split("\n")
                text = "\n".join(lines)
        files[name] = (render(name, text, open_holes.__contains__, holes).encode(), mode)
    return files
