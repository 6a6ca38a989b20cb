# For a debugger of one's own beside `make qemu-gdb`, from the root of the tree:  gdb-multiarch -nx -x .gdbinit
# (-nx: GDB reads this file by itself only where its safe-path allows it, and else complains about it.)
set confirm off
directory .
file build/kernel.elf
source kern/gdb/load.py
