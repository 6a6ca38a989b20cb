// From the firmware to C++. OpenSBI starts one hart here, any of them, in supervisor mode without translation:
// a0 = its id, a1 = physical address of the device tree. We have it start the others here as well, and tell them apart by
// idle_contexts: in OpenSBI 1.1 a hart that is told to start at another address may see the order before the address, and
// come here all the same.
#include "offsets.inc"

    .section .text.entry, "ax"
    .globl kernel_entry
kernel_entry:
    csrw sie, zero
    li t0, SSTATUS_FS | SSTATUS_SIE     // the firmware leaves the floating-point unit on
    csrc sstatus, t0

    lla t0, boot_root                   // addresses are relative to pc: physical until the jump below
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

1:  li t0, MAX_FIRMWARE_HARTS
    bgeu a0, t0, boot
    lla t0, idle_contexts
    slli t1, a0, 3
    add t0, t0, t1
    ld t1, 0(t0)
    bnez t1, secondary
boot:
    lla t0, bss_start
    lla t1, bss_end
2:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 2b

    lla sp, boot_stack + (1 << STACK_SHIFT)
    lla tp, harts
    mv s0, zero                         // a backtrace ends here
    call kernel_main

// t1 = the Context of its idle thread. Its user frame, at the top of its stack, names the hart.
secondary:
    mv a0, t1
    ld t0, CONTEXT_SP(a0)
    ld tp, FRAME_HART(t0)
    j load_registers

    .data
    .balign 8
    .globl idle_contexts
idle_contexts:                          // by the firmware's id; not in .bss, which the boot hart has yet to clear
    .fill MAX_FIRMWARE_HARTS, 8, 0

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
