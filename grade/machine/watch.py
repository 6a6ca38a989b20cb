"""Runs a confined command and watches it: time, processes and memory of all its processes together.

The system's resource limits hold for a process each. So the tree of processes is counted a few times a second, and all of
it is ended when it is too much. Between two looks the host's kernel keeps a loop that forks from filling the machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from grade.machine.sandbox import limits
from grade.machine.tasks import TaskLimit, task_limit

LOOK = 0.1  # seconds between two looks
PAGE = os.sysconf("SC_PAGE_SIZE")
MARGIN = 4  # the host's kernel stops at so many times the bound: threads count there, and the look has something to see


@dataclass(frozen=True)
class Bounds:
    """What a command may take."""

    seconds: float = 300
    processes: int = 200
    memory: int = 3 << 30
    file: int = 1 << 30  # bytes of each file it writes, its output's too


class OutOfBounds(Exception):
    """The command took too much and was ended. The text says what."""


def below(ancestor: int) -> dict[int, int]:
    """The processes that descend from one, itself included, each with its resident bytes."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = Path("/proc", entry, "stat").read_text(errors="replace")
        except OSError:
            continue  # it ended meanwhile
        fields = text.rpartition(")")[2].split()
        children.setdefault(int(fields[1]), []).append(int(entry))
        resident[int(entry)] = int(fields[21]) * PAGE
    found, waiting = {}, [ancestor]
    while waiting:
        process = waiting.pop()
        if process in resident and process not in found:
            found[process] = resident[process]
            waiting += children.get(process, [])
    return found


def too_much(process: int, bounds: Bounds) -> str:
    """What of its bounds the command has passed, or nothing."""
    running = below(process)
    if len(running) > bounds.processes:
        return f"it ran more than {bounds.processes} processes at once"
    if sum(running.values()) > bounds.memory:
        return f"it took more than {bounds.memory >> 20} MiB of memory"
    return ""


def end(process: subprocess.Popen) -> None:
    """Ends the command and what it started. In bubblewrap nothing survives its first process; without, its children die."""
    started = below(process.pid)
    for child in [process.pid, *started]:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def watched(command: list[str], log: Path, bounds: Bounds, environment: dict[str, str] | None = None) -> int:
    """Runs the command with its output in `log`, and returns its status. OutOfBounds when it had to be ended."""
    with task_limit(bounds.processes * MARGIN) as tasks:
        process = start(command, log, bounds, environment, tasks)
        deadline = time.monotonic() + bounds.seconds
        try:
            while True:
                try:
                    return process.wait(timeout=LOOK)
                except subprocess.TimeoutExpired:
                    passed = too_much(process.pid, bounds)
                    if time.monotonic() > deadline:
                        passed = f"it took longer than {bounds.seconds:.0f} s"
                    if passed:
                        raise OutOfBounds(passed) from None
        finally:
            if process.poll() is None:
                end(process)


def start(
    command: list[str], log: Path, bounds: Bounds, environment: dict[str, str] | None, tasks: TaskLimit
) -> subprocess.Popen:
    limit = limits(cpu_seconds=int(bounds.seconds), file_bytes=bounds.file)

    def confined() -> None:
        tasks.join()
        limit()

    with open(log, "wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=confined,
        )
