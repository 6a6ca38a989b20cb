"""procs: the processes."""

import signal

from astrolabe.core import kernel
from astrolabe.core.command import Usage, command, guarded
from astrolabe.core.memory import PAGE, Corrupt


@command("procs")
def procs(arguments):
    """List the processes: number, parent, group, state, threads, resident memory, name, program.

    procs

`*` stands before those whose program a hart runs now. Zombies wait for their parent to ask for their status."""
    if arguments:
        raise Usage("usage: procs")
    running = {thread.process().address for hart in kernel.harts() if (thread := hart.thread()) and thread.process()}
    lines = list(guarded(row(process, process.address in running) for process in kernel.processes()))
    if not lines:
        yield "no process yet: the first one starts at the end of the boot"
        return
    yield "     PID  PPID  PGRP  STATE      THREADS   RSS KiB  NAME             PROGRAM"
    yield from lines


def row(process, is_running):
    try:
        space = process.vmar()
        rss = f"{sum(space.resident()) * PAGE >> 10}" if space else "-"
        threads = sum(1 for _ in process.threads())
        program = space.executable() if space else ""
        return (f"  {'*' if is_running else ' '}{process.pid:5} {process.parent_pid():5} {process.group():5}  {state(process):<10} "
                f"{threads:7} {rss:>9}  {process.name():<16} {program}").rstrip()
    except Corrupt as error:
        return f"  !{process.pid:5}  process at {process.address:#x}: {error}"


def state(process):
    if process.is_zombie():
        return "zombie"
    if process.is_stopped():
        return "stopped"
    return "ending" if process.state().is_ending.number() else "alive"


def status_words(status):
    """What wait4(2) gives, in words."""
    if status & 0x7F:
        try:
            return f"killed by {signal.Signals(status & 0x7F).name}"
        except ValueError:
            return f"killed by signal {status & 0x7F}"
    return f"exit {status >> 8 & 0xFF}"
