"""Open files and inodes in words."""

from astrolabe.core import space
from astrolabe.core.memory import Corrupt

TYPES = {0o010000: "pipe", 0o020000: "device", 0o040000: "directory", 0o060000: "disk", 0o100000: "file", 0o120000: "symlink"}
ACCESS = {0: "r", 1: "w", 2: "rw"}
FLAG_WORDS = {0o2000: "append", 0o4000: "nonblock", 0o10000000: "path only"}


def describe(file):
    """`rw  file  /etc/motd  offset 12` for a File."""
    flags = file.flags.number()
    inode = file.inode.target()
    if inode is None:
        raise Corrupt(f"open file at {file.address:#x}: it has no inode")
    kind = TYPES.get(inode.mode.number() & 0o170000, "?")
    extra = [text for bit, text in FLAG_WORDS.items() if flags & bit]
    if kind in ("file", "directory"):
        extra.insert(0, f"offset {file.offset.number()}")
    extra.append(f"{file.get('count').number()} refs")
    return f"{ACCESS.get(flags & 3, '?'):<3} {kind:<10} {name_of(file, inode):<24} {', '.join(extra)}"


def name_of(file, inode):
    """What it was opened as: a path as far as the kernel remembers it, else the kind of its inode."""
    path = space.string(file.path)
    if path:
        return path
    directory = file.directory.target()
    parts = [space.string(file.get("name"))] if directory else []
    while directory and len(parts) < 32:
        name, parent = space.string(directory.get("name")), directory.parent.target()
        if parent is None or parent.address == directory.address:
            return "/" + "/".join(reversed([part for part in parts if part]))
        parts.append(name)
        directory = parent
    kind = inode.dynamic_type().split("::")[-1]
    return f"({kind or 'inode'} {inode.get('number').number()})"
