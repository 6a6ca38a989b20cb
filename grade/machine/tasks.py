"""A limit on processes and threads that the host's kernel itself holds: a loop that forks is faster than anyone who counts.

    an ordinary user   RLIMIT_NPROC, which counts what the user runs anyway, so that much is added
    root               is not bound by it, so a control group of its own (pids controller, version 1 or 2)
    root without one   (in a container, say): what is watched gets only the time that nobody else wants, so that whoever
                       counts its processes has a processor at once, however many there are
"""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUPS = (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup"))  # where version 1 and version 2 are mounted
PATIENCE = 5  # seconds for a group's last process to go


class TaskLimit:
    """What a command may have at once; `join` is called by its first process, `end` when the command is over."""

    def __init__(self, most: int) -> None:
        self.most = most + tasks_of_user()
        self.group = new_group(most) if os.geteuid() == 0 else None

    def join(self) -> None:
        """Puts the calling process, and all it will start, under the limit."""
        if self.group:
            (self.group / "cgroup.procs").write_text(str(os.getpid()))
        elif os.geteuid() == 0:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        else:
            hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            most = self.most if hard == resource.RLIM_INFINITY else min(self.most, hard)
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))

    def end(self) -> None:
        """Ends what is left in the group, and takes the group away."""
        deadline = time.monotonic() + PATIENCE
        while self.group and self.group.exists():
            try:
                for process in (self.group / "cgroup.procs").read_text().split():
                    os.kill(int(process), signal.SIGKILL)
                self.group.rmdir()
            except OSError:  # a process that has just gone, or one that has not gone yet
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)


@contextmanager
def task_limit(most: int) -> Iterator[TaskLimit]:
    limit = TaskLimit(most)
    try:
        yield limit
    finally:
        limit.end()


def new_group(most: int) -> Path | None:
    """A control group that may have so many tasks, or None where this process may not make one."""
    for parent in GROUPS:
        try:
            group = Path(tempfile.mkdtemp(prefix="astrolabe-", dir=parent))
        except OSError:
            continue
        try:
            (group / "pids.max").write_text(str(most))
            return group
        except OSError:  # a group without this controller
            group.rmdir()
    return None


def tasks_of_user() -> int:
    """The processes and threads that this process's user runs now."""
    found = 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                found += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:
            pass  # it ended meanwhile
    return found
