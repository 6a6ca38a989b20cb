// From the firmware to C++. OpenSBI starts one hart here, any of them, in supervisor mode without translation:
// a0 = its id, a1 = physical address of the device tree.
#include "offsets.inc"

    .macro TURN_ON_TRANSLATION
    csrw sie, zero
    li t0, SSTATUS_FS | SSTATUS_SIE     // the firmware leaves the floating-point unit on
    csrc sstatus, t0

    lla t0, boot_root                    // addresses are relative to pc: physical until the jump below
    srli t0, t0, 12
    li t1, 8 << 60                      // Sv39
    or t0, t0, t1
    sfence.vma
    csrw satp, t0
    sfence.vma

    li t1, -1
    slli t1, t1, 38                     // DIRECT_MAP
    lla t0, 1f
    add t0, t0, t1
    jr t0
1:
    .endm

    .section .text.entry, "ax"
    .globl kernel_entry, secondary_entry
kernel_entry:
    TURN_ON_TRANSLATION
    lla t0, bss_start
    lla t1, bss_end
2:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 2b

    lla sp, boot_stack + (1 << STACK_SHIFT)
    lla tp, harts
    mv s0, zero                         // a backtrace ends here
    call kernel_main

// Where we have the firmware start the other harts: a1 = the Context of the idle thread, virtual. Its user frame, at the
// top of its stack, names the hart.
secondary_entry:
    TURN_ON_TRANSLATION
    ld t0, CONTEXT_SP(a1)
    ld tp, FRAME_HART(t0)
    mv a0, a1
    j load_registers

// Until the kernel has built its own table: the gigabyte it was loaded into, where it is, and all physical memory
// once more in the upper half.
    .section .data.page, "aw"
    .balign 4096
boot_root:
    .quad 0, 0, (0x80000000 >> 12 << 10) | 0xcf
    .fill 256 - 3, 8, 0
    .set gigabyte, 0
    .rept 256
    .quad (gigabyte << 28) | 0xcf       // V R W X A D
    .set gigabyte, gigabyte + 1
    .endr

    .section .bss.stack, "aw", @nobits
    .balign 1 << STACK_SHIFT
    .globl boot_stack, emergency_stack
boot_stack:
    .skip 1 << STACK_SHIFT
emergency_stack:                        // to report that another stack overflowed
    .skip 1 << STACK_SHIFT
