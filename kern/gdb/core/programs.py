"""Symbols of the programs: loaded by themselves when a program starts, gone when its last process has.

    exec      a breakpoint of ours, at the end of execve, loads what all processes map: the program, ld.so
    stop      only what the selected hart's process maps is kept, its libraries too: static programs lie at the same addresses,
              and GDB would mix them up
    resume    the others come back, so that breakpoints in them hold

A breakpoint in a program gets a condition, `$in_program("/bin/hello@0x10508")`, so that others run through it.
"""

import os
import struct
import sys

import gdb

from astrolabe.core import kernel, memory, sv39
from astrolabe.core.memory import Corrupt

AT_EXEC = "arch::reset_user_state"  # called by execve when the new space is this thread's
USER = sv39.USER_HALF_END
PT_LOAD, PF_X = 1, 1

_loaded = {}  # (file of the host, offset to its addresses) -> path in the guest; in the order of loading
_point = []
is_passing = False  # the machine only passes through this stop
CONDITION = "$in_program"
RESUMING = ("continue", "step", "next", "stepi", "nexti", "finish", "until", "advance", "jump", "signal", "reverse-continue", "reverse-step",
            "reverse-next", "reverse-stepi", "reverse-nexti", "reverse-finish")


# FILES


def host_file(path):
    """The file with symbols of a program of the guest: in a ROOT= (the last one lies on top), else what was built here."""
    built, *roots = os.environ.get("ASTROLABE_ROOTS", "build/user").split(os.pathsep)
    for root in reversed(roots):
        if os.path.isfile(root + path):
            return os.path.realpath(root + path)
    installed, name = f"{built}/root{path}", os.path.basename(path)
    for candidate in (f"{built}/lab/{name}" if path.startswith("/lab/") else f"{built}/{name}", f"{built}/tools"):
        if not os.path.isfile(candidate) or not os.path.isfile(installed):
            continue
        if not candidate.endswith("/tools") or is_same(installed, f"{built}/root/bin/cat"):
            return os.path.realpath(candidate)
    return None


def is_same(first, second):
    return os.path.exists(second) and os.path.samefile(first, second)


def code_segment(file):
    """(offset in the file, address) of the first segment that can be executed; None when it is no ELF file for us."""
    with open(file, "rb") as elf:
        header = elf.read(64)
        if header[:5] != b"\x7fELF\x02":
            return None
        table, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        for index in range(count):
            elf.seek(table + index * size)
            kind, flags, offset, address = struct.unpack("<IIQQ", elf.read(24))
            if kind == PT_LOAD and flags & PF_X:
                return offset, address
    return None


# WHAT IS MAPPED


def mapped_by(process):
    """{(file, offset): path} of the files whose code a process has mapped; as far as its mappings can be read."""
    found = {}
    space = process.vmar()
    try:
        for mapping in space.mappings() if space else ():
            if not mapping.path or not mapping.perms & 4:
                continue
            file = host_file(mapping.path)
            segment = code_segment(file) if file else None
            if segment:
                found[file, mapping.start - mapping.offset - (segment[1] - segment[0])] = mapping.path
    except (Corrupt, OSError):
        pass
    return found


def processes():
    try:
        yield from (process for process in kernel.processes() if not process.is_zombie())
    except Corrupt:
        return


# LOADING


def sync_all():
    """Before the machine runs: the files of all processes."""
    wanted = {}
    for process in processes():
        wanted.update(mapped_by(process))
    make_loaded(wanted)
    limit_breakpoints()


def sync_selected():
    """While it stands: those of the selected hart's process alone."""
    process = kernel.selected_process()
    if process is not None:
        make_loaded(mapped_by(process))


def make_loaded(wanted):
    for key in [key for key in _loaded if key not in wanted]:
        unload(key)
    for key, path in wanted.items():
        if key not in _loaded:
            load(key, path)


def load(key, path):
    file, offset = key
    _loaded[key] = path
    gdb.execute(f"add-symbol-file {quoted(file)} -o {offset:#x}", to_string=True)


def unload(key):
    file, offset = key
    del _loaded[key]
    with open(file, "rb") as elf:
        entry, = struct.unpack_from("<Q", elf.read(64), 24)
    try:
        gdb.execute(f"remove-symbol-file -a {entry + offset:#x}" if entry else f"remove-symbol-file {quoted(file)}", to_string=True)
    except gdb.error:
        pass  # it is gone already


def quoted(file):
    return file.replace("\\", "\\\\").replace(" ", "\\ ")


def loaded():
    return [(path, file, offset) for (file, offset), path in _loaded.items()]


# BREAKPOINTS OF PROGRAMS


def limit_breakpoints():
    """A breakpoint in a program is for that program alone: others have other code at the address."""
    for point in gdb.breakpoints():
        is_ours = (point.condition or "").startswith(CONDITION)
        if point.pending or point.type not in (gdb.BP_BREAKPOINT, gdb.BP_HARDWARE_BREAKPOINT) or (point.condition and not is_ours):
            continue
        places = [f"{path}@{location.address:#x}" for location in getattr(point, "locations", ()) if location.address is not None
                  for path in programs_at(location, point.location)]
        condition = f'{CONDITION}("{" ".join(sorted(set(places)))}")' if places else None
        if condition and condition != point.condition:
            point.condition = condition


def programs_at(location, wanted):
    """The paths of the programs that a breakpoint's location is in, by what was asked for (`wanted`): where two programs have code at the
    address, GDB itself knows only the first. A library's counts for whoever maps it."""
    if location.address >= USER:
        return []
    here = []
    for line in gdb.execute(f"info symbol {location.address:#x}", to_string=True).splitlines():
        name, _, file = line.partition(" in section ")
        file = os.path.realpath(file.rpartition(" of ")[2])
        here += [(kernel.without_arguments(name.split(" + ")[0]), path) for (host, _), path in _loaded.items() if host == file]
    for function in (wanted, kernel.without_arguments(location.function or "")):
        if any(name == function for name, _ in here):
            here = [(name, path) for name, path in here if name == function]
            break
    return [path for _, path in here if not is_library(path)]


def is_library(path):
    return ".so" in os.path.basename(path)


class InProgram(gdb.Function):
    """Whether the selected hart runs one of these programs, at the place that belongs to it: $in_program("/bin/hello@0x10508")."""

    def __init__(self):
        super().__init__(CONDITION.removeprefix("$"))

    def invoke(self, places):
        try:
            with memory.session():
                process = kernel.selected_process()
                if process is None or process.vmar() is None:
                    return True
                return f"{process.vmar().executable()}@{kernel.register('pc'):#x}" in places.string().split()
        except (Corrupt, memory.NoMachine, gdb.error):
            return True  # rather one stop too many


class AtExec(gdb.Breakpoint):
    def __init__(self):
        super().__init__(AT_EXEC, internal=True)
        self.silent = True

    def stop(self):
        quietly(sync_all)
        return False


def quietly(function, *arguments):
    try:
        with memory.session():
            function(*arguments)
    except (Corrupt, memory.NoMachine, gdb.error):
        pass  # a kernel that is broken this far has other commands to say so


def on_stop(event):
    """GDB has said where the machine stands by what was loaded while it ran; when that was another program's, it is said again."""
    if is_passing:
        return
    before = function_here()
    quietly(sync_selected)
    after = function_here()
    if before != after:
        gdb.write("That is another program's. This hart runs:\n" + gdb.execute("frame", to_string=True))


def function_here():
    try:
        return gdb.newest_frame().name()
    except gdb.error:
        return None


def watch():
    """From now on, for this session of GDB; once more after a reload."""
    while _point:
        _point.pop().delete()
    InProgram()
    gdb.events.stop.connect(on_stop)
    for name in RESUMING:
        gdb.execute(f"define hook-{name}\npython astrolabe_resume()\nend")
    sys.modules["__main__"].astrolabe_resume = lambda: is_passing or quietly(sync_all)
    try:
        _point.append(AtExec())
    except gdb.error:
        pass  # no kernel is loaded
