"""The forms in which one run of checks is written, beside what the terminal shows.

Each writer makes a whole file of what is known so far; it is written anew after every check, so that also a run that is cut
off leaves what it had found.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from grade.formats import classroom, gradescope, junit, plain, tap
from grade.results import Results

WRITERS: dict[str, Callable[[Results], str]] = {
    "json": plain.as_json,
    "csv": plain.as_csv,
    "junit": junit.write,
    "tap": tap.write,
    "gradescope": gradescope.write,
    "classroom": classroom.write,
}


def replace(path: Path, text: str) -> None:
    """Writes a file in one step: who reads it sees the old or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text)
    new.replace(path)


def write(results: Results, paths: dict[str, str]) -> None:
    """Writes the forms for which there is a path."""
    for form, path in paths.items():
        if path:
            replace(Path(path), WRITERS[form](results))
