// Thread switching, and the floating-point registers. See context.h.
#include "offsets.inc"

    .macro EACH_SAVED do
    \do ra, 0(a0)
    \do sp, CONTEXT_SP(a0)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    \do s\n, 16 + 8 * \n(a0)
    .endr
    .endm

    .text
    .globl swap_registers, load_registers
swap_registers:                         // (Context* from, Context* to)
    EACH_SAVED sd
    mv a0, a1
load_registers:                         // (Context*)
    EACH_SAVED ld
    ret

    .globl thread_start
thread_start:                           // the first return of a new thread: s1 = entry, s2 = its argument
    mv s0, zero                         // a backtrace ends here
    mv a0, s2
    jalr s1
    unimp

    .macro EACH_FLOAT do
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \do f\n, 8 * \n(a0)
    .endr
    .endm

    // Both leave the unit off, as the kernel has it.
    .globl save_float_registers, load_float_registers
save_float_registers:                   // (FpState*)
    li t0, SSTATUS_FS
    csrs sstatus, t0
    EACH_FLOAT fsd
    frcsr t1
    sd t1, 256(a0)
    csrc sstatus, t0
    ret

load_float_registers:
    li t0, SSTATUS_FS
    csrs sstatus, t0
    EACH_FLOAT fld
    ld t1, 256(a0)
    fscsr t1
    csrc sstatus, t0
    ret
