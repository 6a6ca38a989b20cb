"""What a machine for a person is made of: its root file system, disks, and the kernel's command line, from the options of the front
door (ROOT=, DISK=, CMD=, APPEND=)."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from grade import boot, console
from grade.boot import BootError

PACK_ROOT = Path(__file__).parent / "pack-root"


def program_words(command):
    """CMD as a shell would split it."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BootError(f"CMD={command}: {str(error).lower()}") from None
    if not words:
        raise BootError("CMD= names no program; for example: make run CMD='/bin/hello a \"b c\"'")
    if re.search(r"[\s\"]", words[0]):
        raise BootError(f"CMD: the program's path cannot hold blanks or quotes: {words[0]}")
    return words


def root_file_system(options):
    """The initramfs with each ROOT laid over it: (path for QEMU, file descriptors to pass on). It lives in memory, no file is left."""
    base = Path(options.build) / "initramfs.cpio"
    if not base.exists():
        raise BootError(f"no root file system at {base}; make all builds it")
    roots = list(filter(None, options.root))
    if not roots:
        return str(base), ()
    memory = os.memfd_create("initramfs", 0)
    with os.fdopen(os.dup(memory), "wb") as file:
        file.write(base.read_bytes())
        for root in roots:
            file.write(packed(root))
    return f"/proc/self/fd/{memory}", (memory,)


def packed(root):
    if not os.path.isdir(root):
        raise BootError(f"ROOT={root}: {'not a directory' if os.path.exists(root) else 'no such directory'}")
    done = subprocess.run([PACK_ROOT, root], capture_output=True, check=False)
    if done.returncode != 0:
        raise BootError(f"ROOT={root}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def disks(options):
    """The arguments that give the machine its disks: DISK names their images, the first becomes /dev/vda."""
    words = []
    for number, image in enumerate(options.disk.split()):
        if not os.path.isfile(image):
            raise BootError(f"DISK={image}: {'not a file' if os.path.exists(image) else 'no such file'}")
        words += boot.disk_arguments(image, number)
    return words


def boot_arguments(options, *fixed):
    """The kernel's command line: what the mode asks for, what the user adds, then the program and its arguments."""
    words = list(fixed)
    program = program_words(options.command) if options.command or options.mode == "run" else []
    if program:
        words.append(f"init={program[0]}")
    if options.append:
        words.append(options.append)
    if program[1:]:
        words.append("-- " + console.boot_words(program[1:]))
    return " ".join(words)
