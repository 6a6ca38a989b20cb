"""Writes cpio archives in the "newc" format, an initramfs's."""

from __future__ import annotations

import stat


def entry(name: str, mode: int, content: bytes, number: int) -> bytes:
    """One archive member."""
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return pad(head) + pad(content)


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def archive(files: dict[str, bytes], empty: tuple[str, ...] = (), mode: int = 0o755) -> bytes:
    """An archive of these files (absolute or relative paths), their folders made, and of empty folders."""
    folders: set[str] = set(empty)
    for name in files:
        parts = name.strip("/").split("/")[:-1]
        folders.update("/".join(parts[: i + 1]) for i in range(len(parts)))
    members = [(name, stat.S_IFDIR | 0o755, b"") for name in sorted(folders)]
    members += [(name.strip("/"), stat.S_IFREG | mode, content) for name, content in files.items()]
    packed = b"".join(entry(*member, number + 1) for number, member in enumerate(members))
    return packed + entry("TRAILER!!!", 0, b"", 0)
