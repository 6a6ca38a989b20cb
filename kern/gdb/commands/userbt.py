"""userbt: a backtrace that goes on in the program."""

import gdb

from astrolabe.core import unwind
from astrolabe.core.command import Usage, command


@command("userbt", physical=False)
def userbt(arguments):
    """Print the backtrace of the selected hart across the trap: the kernel's functions, then the program's.

    userbt

`backtrace` ends at the trap. Symbols of the program are loaded by themselves (`programs`)."""
    if arguments:
        raise Usage("usage: userbt")
    yield from unwind.crossing(lambda: gdb.execute("backtrace", to_string=True)).splitlines()


unwind.register()
