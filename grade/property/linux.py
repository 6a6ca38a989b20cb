"""Linux's own address space at the other end of a pipe: the commands of machines.py, carried out by the real mmap family of
this host. A process of its own, so that nothing but the window is ever touched."""

import ctypes
import os
import re
import sys

PAGE, FILE_PAGES = 4096, 8
DENIED = 11  # that an access is refused is all that can be seen without a signal
SHARED, PRIVATE, FIXED, ANONYMOUS, NO_REPLACE = 1, 2, 0x10, 0x20, 0x10_0000
MOVE_TO, KEEP = 1 | 2, 4  # MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_DONTUNMAP

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_long
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.mremap.restype = ctypes.c_long
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
libc.read.argtypes = libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]


def returned(call, *arguments):
    value = call(*arguments)
    return -ctypes.get_errno() if value == -1 else value


def prot(perms):
    return sum(bit for letter, bit in zip("rwx", (1, 2, 4)) if letter in perms)


class Window:
    def __init__(self):
        self.file = os.memfd_create("pages")
        self.out, self.into = os.pipe()
        self.mapped = set()

    def reset(self):
        for at, size in self.mapped:
            libc.munmap(at, size)
        self.mapped.clear()
        os.ftruncate(self.file, 0)
        os.ftruncate(self.file, FILE_PAGES * PAGE)
        for page in range(FILE_PAGES):
            os.pwrite(self.file, (page + 1).to_bytes(8, "little"), page * PAGE)
        return 0

    def map(self, size, perms, at, placement, shared, backing, offset):
        flags = (SHARED if shared == "1" else PRIVATE) | (FIXED if placement == "fixed" else NO_REPLACE)
        in_file = backing == "file"
        value = returned(libc.mmap, int(at), int(size), prot(perms), flags | (0 if in_file else ANONYMOUS),
                         self.file if in_file else -1, int(offset))
        if value > 0:
            self.mapped.add((int(at), int(size)))
        return value

    def unmap(self, at, size):
        return returned(libc.munmap, int(at), int(size))

    def protect(self, at, size, perms):
        return returned(libc.mprotect, int(at), int(size), prot(perms))

    def remap(self, at, old, new, to, keep):
        flags = (MOVE_TO if to != "0" else 0) | (KEEP if keep == "1" else 0)
        value = returned(libc.mremap, int(at), int(old), int(new), flags, int(to))
        if value > 0:
            self.mapped.add((value, int(new)))
        return value

    def store(self, at, word):
        os.write(self.into, int(word).to_bytes(8, "little"))
        if libc.read(self.out, int(at), 8) == 8:
            return 0
        os.read(self.out, 8)
        return DENIED

    def word(self, at):
        if libc.write(self.into, at, 8) != 8:
            return "!"
        return str(int.from_bytes(os.read(self.out, 8), "little"))

    def rights(self, at, size, with_words=False):
        found, start, end = [], int(at), int(at) + int(size)
        with open("/proc/self/maps", encoding="ascii") as maps:
            for line in maps:
                low, high, perms = re.match(r"(\w+)-(\w+) (....)", line).groups()
                for page in range(max(int(low, 16), start), min(int(high, 16), end), PAGE):
                    found.append(f"{page}:{perms[:3].replace('-', '')}:{perms[3]}" + (f":{self.word(page)}" if with_words else ""))
        return " ".join(found)

    def look(self, at, size):
        return self.rights(at, size, with_words=True)


def main():
    window = Window()
    for line in sys.stdin:
        command, *arguments = line.split()
        print(getattr(window, command)(*arguments), flush=True)


if __name__ == "__main__":
    main()
