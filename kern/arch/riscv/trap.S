// Every trap comes here, with interrupts off. See context.h for the picture.
#include "offsets.inc"

    // Stores (sd) or loads (ld) all registers but x2 (sp).
    .macro EACH_REGISTER do
    \do x1, 0(sp)
    .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \do x\n, 8 * (\n - 1)(sp)
    .endr
    .endm

    .macro RETURN_FROM_TRAP
    ld t0, FRAME_STATUS(sp)
    ld t1, FRAME_PC(sp)
    csrw sstatus, t0
    csrw sepc, t1
    EACH_REGISTER ld
    ld sp, FRAME_SP(sp)
    sret
    .endm

    .text
    .balign 4
    .globl trap_entry
trap_entry:
    csrrw sp, sscratch, sp              // now sp = the user's frame, or 0 if the kernel was running
    beqz sp, from_kernel

    EACH_REGISTER sd
    csrrw t0, sscratch, zero
    sd t0, FRAME_SP(sp)
    li t0, SSTATUS_FS | SSTATUS_SUM
    csrrc t0, sstatus, t0
    sd t0, FRAME_STATUS(sp)
    csrr t1, sepc
    csrr a1, scause
    ld tp, FRAME_HART(sp)
    mv s0, zero                         // a backtrace ends here
    li t2, 8                            // ecall
    bne a1, t2, 1f

    addi t1, t1, 4
    sd t1, FRAME_PC(sp)
    sd a0, FRAME_ORIGINAL_A0(sp)
    mv a0, sp
    csrsi sstatus, SSTATUS_SIE
    call on_user_syscall
    j leave
1:
    sd t1, FRAME_PC(sp)
    csrr a2, stval
    mv a0, sp
    call on_user_trap

leave:
    csrci sstatus, SSTATUS_SIE
    mv a0, sp
    call _ZN4arch18before_user_returnERNS_9TrapFrameE
    sd tp, FRAME_HART(sp)
    csrw sscratch, sp
    RETURN_FROM_TRAP

    .globl leave_for_user
leave_for_user:                         // (TrapFrame*), which is the top of this thread's stack
    mv sp, a0
    mv s0, zero
    j leave

from_kernel:
    csrrw sp, sscratch, sp              // sp = the kernel's again, sscratch = 0
    addi sp, sp, -FRAME_SIZE
    csrw sscratch, t0
    slli t0, sp, 64 - STACK_SHIFT       // in the stack's lowest page?
    srli t0, t0, 64 - STACK_SHIFT + 12
    beqz t0, overflow
    csrrw t0, sscratch, zero
    EACH_REGISTER sd
    addi t0, sp, FRAME_SIZE
2:
    sd t0, FRAME_SP(sp)
    li t0, SSTATUS_SUM
    csrrc t0, sstatus, t0
    sd t0, FRAME_STATUS(sp)
    csrr t0, sepc
    sd t0, FRAME_PC(sp)
    mv a0, sp
    csrr a1, scause
    csrr a2, stval
    call on_kernel_trap
    RETURN_FROM_TRAP

overflow:                               // no room to save anything: go on on the emergency stack
    csrrw t0, sscratch, sp
    lla sp, emergency_stack + (1 << STACK_SHIFT) - FRAME_SIZE
    EACH_REGISTER sd
    csrrw t0, sscratch, zero
    addi t0, t0, FRAME_SIZE
    j 2b
