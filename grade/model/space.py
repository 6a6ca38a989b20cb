"""A model of one address space, page by page.

Every operation returns what the system call returns, or raises Denied with an errno. Page contents are what the first
word of a page holds: enough to tell any two pages of a challenge apart.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

PAGE = 4096
LOWEST = 0x10000
CAP = (1 << 38) - PAGE
GUARD_GAP = 256 * PAGE
MOST_MAPPINGS = 65_530
EPERM, ENOMEM, EACCES, EFAULT, EEXIST, EINVAL, EOVERFLOW = 1, 12, 13, 14, 17, 22, 75
SIGSEGV, SIGBUS = 11, 7


class Denied(Exception):
    """The operation fails with this errno."""

    def __init__(self, errno: int):
        super().__init__(errno)
        self.errno = errno


@dataclass(frozen=True)
class Page:
    """One mapped page. `backing` is None for private anonymous memory, else (object, page number in it)."""

    perms: str
    shared: bool = False
    backing: tuple[str, int] | None = None
    group: int = 0  # of pages that the same calls have made and changed: surely one mapping, where they are neighbours

    def allows(self, access: str) -> bool:
        """Whether an access (r, w or x) is allowed; the right to write implies reading on RISC-V."""
        return access in self.perms or (access == "r" and "w" in self.perms)


def normal(perms: str) -> str:
    """Rights in the order rwx, without dashes."""
    return "".join(letter for letter in "rwx" if letter in perms)


class Space:
    """Mapped pages by address, and the words written to them."""

    def __init__(self, top: int = CAP):
        self.pages: dict[int, Page] = {}
        self.top = top  # where searches begin
        self._private: dict[int, int] = {}  # words of private pages that were written, by address
        self._shared: dict[tuple[str, int], int] = {}
        self._objects: dict[str, list[int]] = {}  # first words of files' pages, by name
        self._sizes: dict[str, int] = {}  # of shared memory without a file, in pages
        self._count = itertools.count(1)

    def add_object(self, name: str, first_words: list[int]) -> None:
        """Declares a file by the first word of each of its pages."""
        self._objects[name] = first_words

    # OPERATIONS

    def map(
        self,
        size: int,
        perms: str,
        at: int = 0,
        placement: str = "any",
        shared: bool = False,
        file: str | None = None,
        offset: int = 0,
    ) -> int:
        """mmap(2). placement: any, hint, fixed, noreplace."""
        if size == 0:
            raise Denied(EINVAL)
        size = (size + PAGE - 1) // PAGE * PAGE
        if size > CAP - LOWEST:
            raise Denied(ENOMEM)
        if offset % PAGE:
            raise Denied(EINVAL)
        start = self._place(size, at, placement)
        number = next(self._count)
        name = file or (f"shared {number}" if shared else None)
        if name and not file:
            self._sizes[name] = size // PAGE
        self._remove(start, size)
        for index in range(size // PAGE):
            backing = (name, offset // PAGE + index) if name else None
            self.pages[start + index * PAGE] = Page(normal(perms), shared, backing, number)
        return start

    def _place(self, size: int, at: int, placement: str) -> int:
        if placement in ("fixed", "noreplace"):
            if at % PAGE:
                raise Denied(EINVAL)
            if at < LOWEST:
                raise Denied(EPERM)
            if at + size > CAP:
                raise Denied(ENOMEM)
            if placement == "noreplace" and not self.is_free(at, size):
                raise Denied(EEXIST)
            return at
        at = at // PAGE * PAGE
        if placement == "hint" and LOWEST <= at and at + size <= CAP and self.is_free(at, size):
            return at
        return self.search(size)

    def search(self, size: int) -> int:
        """The highest free place of `size` bytes below the top."""
        end = self.top
        for page in sorted((page for page in self.pages if page < self.top), reverse=True):
            if end - (page + PAGE) >= size:
                break
            end = page
        if end - size < LOWEST:
            raise Denied(ENOMEM)
        return end - size

    def is_free(self, at: int, size: int) -> bool:
        return not any(page in self.pages for page in range(at, at + size, PAGE))

    def unmap(self, at: int, size: int) -> int:
        """munmap(2)."""
        if at % PAGE or size == 0 or at + size > CAP:
            raise Denied(EINVAL)
        self._remove(at, (size + PAGE - 1) // PAGE * PAGE)
        return 0

    def _remove(self, at: int, size: int) -> None:
        for page in range(at, at + size, PAGE):
            self.pages.pop(page, None)
            self._private.pop(page, None)

    def protect(self, at: int, size: int, perms: str) -> int:
        """mprotect(2): up to the first hole, which is ENOMEM."""
        if at % PAGE:
            raise Denied(EINVAL)
        groups: dict[int, int] = {}
        for page in range(at, at + size, PAGE):
            if page not in self.pages:
                raise Denied(ENOMEM)
            group = groups.setdefault(self.pages[page].group, next(self._count))
            self.pages[page] = replace(self.pages[page], perms=normal(perms), group=group)
        return 0

    def is_one_mapping(self, at: int, size: int) -> bool:
        """Whether the pages of a range are there and can only be one mapping, however neighbours were merged."""
        pages = [self.pages.get(page) for page in range(at, at + size, PAGE)]
        return None not in pages and len({page.group for page in pages}) == 1

    def remap(self, at: int, old: int, new: int, to: int | None = None, dont_unmap: bool = False) -> int:
        """mremap(2) of one mapping, or a part of it; with `to` to this place (MREMAP_FIXED), else where it is."""
        if to is not None and at < to + new and to < at + old:
            raise Denied(EINVAL)
        first = self.pages.get(at)
        if first is None:
            raise Denied(EFAULT)
        if to is None and new <= old:
            self._remove(at + new, old - new)
            return at
        if old == 0 and not first.shared:
            raise Denied(EINVAL)
        if to is None and not self.is_free(at + old, new - old):
            raise Denied(ENOMEM)
        words = {page - at: self._private.pop(page) for page in range(at, at + min(old, new), PAGE) if page in self._private}
        if not dont_unmap:
            self._remove(at, old)
        target, number = at if to is None else to, next(self._count)
        self._remove(target, new)
        for offset in range(0, new, PAGE):
            backing = first.backing and (first.backing[0], first.backing[1] + offset // PAGE)
            self.pages[target + offset] = replace(first, backing=backing, group=number)
            if offset in words:
                self._private[target + offset] = words[offset]
        return target

    def fork(self) -> Space:
        """fork(2): private pages and their words are copied, files and shared memory stay what both see."""
        child = Space(self.top)
        child.pages, child._private = dict(self.pages), dict(self._private)
        child._shared, child._objects, child._sizes, child._count = self._shared, self._objects, self._sizes, self._count
        return child

    # MEMORY

    def access(self, at: int, kind: str) -> int:
        """The signal that an access (r, w, x) gets; 0 for none."""
        page = self.pages.get(at // PAGE * PAGE)
        if page is None or not page.allows(kind):
            return SIGSEGV
        name, index = page.backing or ("", 0)
        size = len(self._objects[name]) if name in self._objects else self._sizes.get(name, index + 1)
        return SIGBUS if index >= size else 0

    def store(self, at: int, word: int) -> None:
        """Writes the first word of a page."""
        page = self.pages[at]
        if page.shared:
            self._shared[page.backing] = word
        else:
            self._private[at] = word

    def load(self, at: int) -> int:
        """The first word of a page."""
        page = self.pages[at]
        if at in self._private:
            return self._private[at]
        if page.backing is None:
            return 0
        if page.backing in self._shared:
            return self._shared[page.backing]
        name, index = page.backing
        words = self._objects.get(name, [])
        return words[index] if index < len(words) else 0

    # LOOKING

    def has_written(self, at: int) -> bool:
        """Whether the page is private and was written."""
        return at in self._private

    def tokens(self, start: int = 0, end: int = CAP) -> dict[int, str]:
        """What a picture of the space shows for each page: rights, and the first word if it is not zero."""
        return {
            page: token(self.pages[page].perms, self.name_of(self.load(page)))
            for page in self.pages
            if start <= page < end
        }

    def name_of(self, word: int) -> str:
        """A page's first word as a picture shows it: f3 for what page 3 of a file begins with, else the number."""
        for words in self._objects.values():
            if word in words:
                return f"f{words.index(word)}"
        return f"{word:x}"


def token(perms: str, content: str) -> str:
    """One page of a picture: its rights, and what it begins with unless that is zero."""
    return (normal(perms) or "none") + (f":{content}" if content != "0" else "")
