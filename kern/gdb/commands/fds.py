"""fds: the open files of a process."""

from astrolabe.core import files, kernel
from astrolabe.core.command import command, guarded, pid_argument, pids
from astrolabe.core.memory import Corrupt


@command("fds", pids)
def fds(arguments):
    """List the open files of a process: descriptor, access, kind, name, offset, references.

    fds [PID]      without PID the process of the selected hart

`x` behind a number: it closes at execve. The same open file under two numbers (dup, fork) has more references and one offset."""
    process = kernel.process_of(pid_argument(arguments, "fds [PID]"))
    yield f"pid {process.pid} {process.name()}"
    yield from guarded(rows(process))


def rows(process):
    for fd, file, closes in process.open_files():
        try:
            line = files.describe(file)
        except Corrupt as error:
            line = f"!! {error}"
        yield f"  {fd:4}{'x' if closes else ' '}  {line}"
