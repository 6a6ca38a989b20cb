"""astrolabe: the list of the commands."""

from astrolabe.core.command import COMMANDS, Usage, command


@command("astrolabe", physical=False)
def astrolabe(arguments):
    """List Astrolabe's own commands.

    astrolabe

`help NAME` tells all about one. They work at any stop, on any hart (GDB's threads are the harts: `info threads`, `thread 2`)."""
    if arguments:
        raise Usage("usage: astrolabe")
    for name in sorted(COMMANDS):
        yield f"  {name:<10}  {COMMANDS[name]}"
