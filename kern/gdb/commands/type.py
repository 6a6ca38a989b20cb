"""type: the machine's keyboard, under make gdb."""

import os

from astrolabe.core.command import Usage, command


@command("type", raw=True, physical=False)
def type_line(arguments):
    """Type a line at the machine's console: what follows the command, and Enter.

    type ls -l /bin

Nothing happens until the machine runs: `continue`. Only under `make gdb`, whose terminal is GDB's; `make qemu-gdb` has the console
in its own."""
    keyboard = os.environ.get("ASTROLABE_KEYBOARD")
    if not keyboard:
        raise Usage("this machine was not started by make gdb; type at its own terminal")
    os.write(int(keyboard), (arguments[0] + "\n").encode())
    yield from ()
