"""What stands at an address: make addr2line ADDR=, and the words for it in reports.

An address of the kernel is looked up in kernel.elf; one of a program in its file, which CMD= names as the guest does.
"""

import os
import shutil
import subprocess

from grade.boot import BootError

KERNEL_HALF = 1 << 63


def source(elf, address):
    """(function, file:line) by the symbols of an ELF file, innermost inlined function first; an empty list: not there."""
    tool = shutil.which("riscv64-linux-gnu-addr2line")
    if tool is None:
        return []
    asked = subprocess.run([tool, "-f", "-C", "-i", "-s", "-e", elf, hex(address)], capture_output=True, text=True, check=False)
    lines = asked.stdout.splitlines()
    return [(function, line) for function, line in zip(lines[::2], lines[1::2]) if function != "??"]


def in_kernel(kernel, address):
    """`, in function (file:line)` for an address of the kernel."""
    if address < KERNEL_HALF:
        return ", in the program or the firmware"
    found = source(kernel, address)
    return f", in {found[0][0]} ({found[0][1]})" if found else ""


def program_file(options, path):
    """The file with symbols of a program of the guest: in ROOT= or as it was built here."""
    name = os.path.basename(path)
    places = [root + path for root in reversed(options.root) if root] + [f"{options.build}/user/lab/{name}", f"{options.build}/user/{name}"]
    if os.path.isfile(f"{options.build}/user/root{path}"):
        places.append(f"{options.build}/user/tools")  # many programs in one file
    return next((place for place in places if os.path.isfile(place)), None)


def addr2line(options):
    """Prints where ADDR= is, a line for each inlined function."""
    try:
        address = int(options.address, 16)
    except ValueError:
        raise BootError("ADDR= is no address; for example: make addr2line ADDR=0xffffffc080238d60") from None
    elf = f"{options.build}/kernel.elf"
    if address < KERNEL_HALF:
        program = options.command.split()[0] if options.command.split() else ""
        elf = program_file(options, program) if program else None
        if elf is None:
            raise BootError(f"ADDR={options.address} is a program's: CMD=/bin/prog says whose" + (f"; there is no {program}" if program else ""))
    found = source(elf, address)
    for function, line in found:
        print(f"{address:#x} {function} ({line})")
    if not found:
        raise BootError(f"ADDR={options.address}: nothing is known of it in {elf}")
    return 0
