"""Address spaces that can be asked to do the same: the model, the kernel's own files on the host, and Linux.

A machine answers these commands; sizes and addresses are bytes, `perms` letters of rwx.

    reset                                                    an empty space; how many frames the one before has lost
    map SIZE PERMS AT PLACEMENT SHARED FILE OFFSET           the address, or an errno as a negative number
    unmap AT SIZE    protect AT SIZE PERMS                   0, or an errno
    remap AT OLD_SIZE NEW_SIZE TO KEEP                       the address; TO is 0 to stay there, KEEP leaves the old range mapped
    store AT WORD                                            0, or the signal that it gets
    rights AT SIZE   look AT SIZE                            the pages of a range; with their first words
    fork, switch                                             makes a child; lets the other one of the two run
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from grade.model import Denied, Space
from grade.model.stack import GUARD_GAP, STACK_TOP

ROOT = Path(__file__).resolve().parents[2]
FILE_PAGES = 8
MMAP_BASE = STACK_TOP - (128 << 20) - GUARD_GAP  # where searches begin under `norandmaps`
SERVER = ROOT / "build/host/space-server"


class Remote:
    """One in a process of its own."""

    def __init__(self, name: str, command: list[str]):
        self.name = name
        self._process = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE)

    def ask(self, command: str, *arguments: object) -> str:
        words = [command, *(str(int(word)) if isinstance(word, bool) else str(word) for word in arguments)]
        try:
            self._process.stdin.write(" ".join(words) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise AssertionError(f"{self.name} ended at `{' '.join(words)}`:\n{self._process.stderr.read()[-3000:]}")
        return answer.strip()

    def close(self) -> int:
        self._process.stdin.close()
        return self._process.wait()


def kernel(server: Path = SERVER) -> Remote:
    return Remote("the kernel", [str(server)])


def linux() -> Remote:
    return Remote("Linux", [sys.executable, "-m", "grade.property.linux"])


class Model:
    """grade/model behind the same commands."""

    name = "the model"

    def __init__(self) -> None:
        self.ask("reset")

    def ask(self, command: str, *arguments: object) -> str:
        try:
            return str(getattr(self, command)(*arguments))
        except Denied as denied:
            return str(-denied.errno)

    def reset(self) -> int:
        self.space, self.other = Space(top=MMAP_BASE), None
        self.space.add_object("file", list(range(1, FILE_PAGES + 1)))
        return 0

    def map(self, size, perms, at, placement, shared, backing, offset):
        return self.space.map(size, perms, at, placement, shared, backing if backing == "file" else None, offset)

    def unmap(self, at, size):
        return self.space.unmap(at, size)

    def protect(self, at, size, perms):
        return self.space.protect(at, size, perms)

    def remap(self, at, old, new, to, keep):
        return self.space.remap(at, old, new, to or None, keep)

    def store(self, at, word):
        signal = self.space.access(at, "w")
        if not signal:
            self.space.store(at, word)
        return signal

    def fork(self):
        self.other = self.space.fork()
        return 0

    def switch(self):
        self.space, self.other = self.other, self.space
        return 0

    def rights(self, at, size, with_words=False):
        found = []
        for page in sorted(page for page in self.space.pages if at <= page < at + size):
            entry = self.space.pages[page]
            text = f"{page}:{entry.perms}:{'s' if entry.shared else 'p'}"
            if with_words:
                text += ":!" if self.space.access(page, "r") else f":{self.space.load(page)}"
            found.append(text)
        return " ".join(found)

    def look(self, at, size):
        return self.rights(at, size, with_words=True)
