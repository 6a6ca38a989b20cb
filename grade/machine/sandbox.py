"""Confines a process: bubblewrap where it works, resource limits alone where it does not."""

from __future__ import annotations

import functools
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_FOLDERS = ("/usr", "/etc", "/opt")
SYSTEM_LINKS = ("/bin", "/lib", "/lib64", "/sbin")


@functools.cache
def have_bubblewrap() -> bool:
    """Whether bwrap is installed and may make namespaces here."""
    if not shutil.which("bwrap"):
        return False
    test = [*bubblewrap(), "/usr/bin/env", "true"]
    return subprocess.run(test, capture_output=True, check=False).returncode == 0


def bubblewrap(writable: tuple[Path, ...] = (), readable: tuple[Path, ...] = ()) -> list[str]:
    """The bwrap command line up to the program: no network, no other processes, only these folders of the project."""
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for folder in SYSTEM_FOLDERS:
        command += ["--ro-bind-try", folder, folder]
    for link in SYSTEM_LINKS:
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        else:
            command += ["--ro-bind-try", link, link]
    for path in readable:
        command += ["--ro-bind", str(path), str(path)]
    for path in writable:
        command += ["--bind", str(path), str(path)]
    return command


def confine(command: list[str], writable: tuple[Path, ...] = (), readable: tuple[Path, ...] = ()) -> list[str]:
    """`command` so that it can write only to `writable`; unchanged, with a warning, where bubblewrap does not work."""
    if have_bubblewrap():
        return [*bubblewrap(writable, readable), *command]
    warn_once()
    return command


@functools.cache
def warn_once() -> None:
    print("warning: bubblewrap does not work here; only resource limits confine the work under test", file=sys.stderr)


def limits(cpu_seconds: int, file_bytes: int, memory_bytes: int | None = None):
    """A preexec_fn that sets limits; with bubblewrap they are a second line, without it the only one."""

    def apply() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    return apply
