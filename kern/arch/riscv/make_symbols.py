"""Turns `nm -n -C` of the kernel into the table that backtraces look names up in.

Assembly on standard output: kernel_symbol_count (8 bytes), then kernel_symbols, an array of {address, name} pairs
(8 bytes each, names NUL-terminated) in ascending order of address, all in the section .ksymtab.
"""

import sys


def functions(lines):
    """(address, name) of each function, first name wins where several share an address; arguments are cut off."""
    seen = set()
    for line in lines:
        address, kind, name = line.rstrip("\n").split(" ", 2) if line[0] != " " else ("", "U", "")
        if kind in "tTwW" and not name.startswith((".L", "$")) and address not in seen:
            seen.add(address)
            yield address, without_arguments(name)


def without_arguments(name):
    """`Vmar::map(MapRequest const&)` -> `Vmar::map`; a parenthesis inside <> or a lambda's stays."""
    depth = 0
    for index, character in enumerate(name):
        if character == "(" and depth == 0 and index > 0 and not name.startswith("(anonymous namespace)", index):
            if name[:index].endswith("operator"):
                continue
            return name[:index]
        if not name[:index].endswith(("operator", "operator<", "operator-", "operator>", "operator<=")):
            depth += (character in "<{") - (character in ">}")
    return name


def main():
    table = sorted(functions(sys.stdin))
    print("    .section .ksymtab, \"a\"\n    .balign 8")
    print(f"    .globl kernel_symbol_count\nkernel_symbol_count:\n    .quad {len(table)}")
    print("    .globl kernel_symbols\nkernel_symbols:")
    for number, (address, _) in enumerate(table):
        print(f"    .quad 0x{address}, .Lname{number}")
    for number, (_, name) in enumerate(table):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        print(f'.Lname{number}: .asciz "{escaped}"')
    print('    .section .note.GNU-stack, "", @progbits')


main()
