# The floor of a boot: a payload that powers off at once.
    .globl _start
_start:
    li t0, 0x100000         # the test device
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
