"""programs: whose symbols are loaded."""

from astrolabe.core import programs as symbols
from astrolabe.core.command import Usage, command


@command("programs")
def programs(arguments):
    """List the program and the libraries whose symbols are loaded at this stop, and where they lie.

    programs

They are those of the selected hart's process; while the machine runs, those of all processes. Files are looked for in what was
built here and in ROOT=. `break main` before the program runs waits for it; a breakpoint in a program counts for that program
alone."""
    if arguments:
        raise Usage("usage: programs")
    symbols.sync_selected()
    for path, file, offset in symbols.loaded():
        yield f"  {path:<28} {file}" + (f" + {offset:#x}" if offset else "")
    if not symbols.loaded():
        yield "  none: no program runs, or none that was built here or lies in ROOT="


symbols.watch()
