"""What people handed in: archives (as `make submit` packs them, or a zip) or folders, in whatever depth the files lie.

Only the lab's files are taken, and only plain files: no link, no device, nothing large. What else is there is named.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from labs.catalog import Lab
from labs.problem import Problem

MOST_BYTES = 1 << 20  # of a file
MOST_UNPACKED = 256 << 20  # of an archive
MOST_NAMES = 20_000
TARS = {".tar": open, ".tar.gz": gzip.open, ".tgz": gzip.open, ".tar.xz": lzma.open, ".tar.bz2": bz2.open}
OURS = ("build", ".git")  # folders that nobody hands in on purpose


@dataclass
class Submission:
    """One person's (or group's) work on a lab."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)  # of the lab, by their place in the tree
    others: list[str] = field(default_factory=list)  # what else was in it
    missing: list[str] = field(default_factory=list)  # files of the lab that are not in it

    def digest(self, context: str) -> str:
        """The same for the same work on the same lab, tree and seed (`context`)."""
        hasher = hashlib.sha256(context.encode())
        for name, content in sorted(self.files.items()):
            hasher.update(f"\0{name}\0{len(content)}\0".encode() + content)
        return hasher.hexdigest()


def suffix_of(path: Path) -> str:
    """The part of an archive's name that says how it is packed; "" for anything else."""
    return next((suffix for suffix in (*sorted(TARS, key=len, reverse=True), ".zip") if path.name.endswith(suffix)), "")


def find(folder: Path) -> list[tuple[str, Path]]:
    """The submissions of a folder by name. Problem when two have one name, or there is none."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink() or not (path.is_dir() or suffix_of(path)):
            continue
        name = path.name.removesuffix(suffix_of(path)) if path.is_file() else path.name
        if name in found:
            raise Problem(f"{path} and {found[name]} would both be called {name}")
        found[name] = path
    if not found:
        raise Problem(f"{folder}: no submission in it; that is a folder, or an archive: {', '.join([*TARS, '.zip'])}")
    return list(found.items())


class Bounded:
    """A file that ends with a Problem when more is read of it than an honest archive holds."""

    def __init__(self, file):
        self._file, self._left = file, MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Problem(f"it unpacks to more than {MOST_UNPACKED >> 20} MiB")
        return data


def members_of_tar(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with TARS[suffix_of(path)](path, "rb") as packed, tarfile.open(fileobj=Bounded(packed), mode="r|") as archive:
        for entry in archive:
            if not entry.isdir():
                fits = entry.isreg() and entry.size <= MOST_BYTES
                yield entry.name, archive.extractfile(entry).read() if fits else None


def members_of_zip(path: Path) -> Iterator[tuple[str, bytes | None]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            is_link = stat.S_ISLNK(entry.external_attr >> 16)
            if is_link or entry.file_size > MOST_BYTES:
                yield entry.filename, None
                continue
            with archive.open(entry) as file:
                content = file.read(MOST_BYTES + 1)
            yield entry.filename, content if len(content) <= MOST_BYTES else None


def members_of_folder(root: Path) -> Iterator[tuple[str, bytes | None]]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in OURS and not (Path(folder) / name).is_symlink())
        for name in sorted(names):
            path = Path(folder) / name
            plain = path.lstat()
            fits = stat.S_ISREG(plain.st_mode) and plain.st_size <= MOST_BYTES
            yield str(path.relative_to(root)), path.read_bytes() if fits else None


def members(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """Every file of a submission, with None for the content of one that is not plain or too large."""
    if path.is_dir():
        packed = [each for each in path.iterdir() if suffix_of(each) and each.is_file() and not each.is_symlink()]
        return members(packed[0]) if len(packed) == 1 else members_of_folder(path)
    return members_of_zip(path) if suffix_of(path) == ".zip" else members_of_tar(path)


def place_of(name: str, lab: Lab) -> str:
    """The file of the lab that this is, in whatever folder it was packed or in none at all; "" for no file of the lab."""
    parts = PurePosixPath(name).parts
    if ".." in parts:
        return ""
    if len(parts) == 1:
        return next((file for file in lab.files if PurePosixPath(file).name == name), "")
    return next((file for file in lab.files if parts[-len(PurePosixPath(file).parts) :] == PurePosixPath(file).parts), "")


def read(name: str, path: Path, lab: Lab, clean: dict[str, bytes]) -> Submission:
    """Reads a submission. `clean` is the tree it began as: what is unchanged in it is not worth a word. Problem when it
    cannot be read or holds a file twice."""
    submission = Submission(name)
    found_at: dict[str, str] = {}
    try:
        for count, (member, content) in enumerate(members(path)):
            if count >= MOST_NAMES:
                raise Problem(f"more than {MOST_NAMES} files")
            place = place_of(member, lab)
            if place and content is None:
                raise Problem(f"{member} is a link, or larger than {MOST_BYTES >> 20} MiB")
            if place and place in found_at:
                raise Problem(f"{place} is in it twice: {found_at[place]} and {member}")
            if place:
                found_at[place], submission.files[place] = member, content
            elif not is_clean(member, content, clean):
                submission.others.append(member)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, RuntimeError, ValueError) as error:
        raise Problem(f"it cannot be read: {error}") from error
    submission.missing = [file for file in lab.files if file not in submission.files]
    if not submission.files:
        raise Problem(f"no file of the lab in it; expected: {', '.join(lab.files)}")
    return submission


def is_clean(member: str, content: bytes | None, clean: dict[str, bytes]) -> bool:
    """Whether this is a file of the clean tree, unchanged, below at most one folder."""
    names = (member, member.partition("/")[2])
    return content is not None and any(clean.get(name) == content for name in names)
