# A machine to test the grader with: maps one user page by hand, goes to user mode, powers off with status 7.
#   a1 = device tree at entry; the word at `mode` chooses what it does (see test_machine.py).
    .option norvc
    .section .text
    .globl _start
_start:
    la t0, trap
    csrw stvec, t0
    lla t0, mode
    lw s1, 0(t0)
    li t1, 1
    beq s1, t1, spin
    li t1, 2
    beq s1, t1, sleep
    # Root entry 2: a gigapage over RAM (kernel). Root entry 0 -> table1 -> table0 -> the user pages.
    lla t0, root
    lla t1, table1
    srli t1, t1, 12
    slli t1, t1, 10
    ori t1, t1, 1
    sd t1, 0(t0)
    li t1, (0x80000 << 10) | 0xcf
    sd t1, 16(t0)
    lla t0, table1
    lla t1, table0
    srli t1, t1, 12
    slli t1, t1, 10
    ori t1, t1, 1
    sd t1, 0(t0)
    lla t0, table0
    lla t1, user_code
    srli t1, t1, 12
    slli t1, t1, 10
    ori t2, t1, 0x1b        # U X R V at 0x10000
    sd t2, 0x80(t0)
    lla t1, user_data
    srli t1, t1, 12
    slli t1, t1, 10
    ori t2, t1, 0x17        # U W R V at 0x11000
    sd t2, 0x88(t0)
    lla t0, root
    srli t0, t0, 12
    li t1, 8
    slli t1, t1, 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    li t0, 0x10000
    csrw sepc, t0
    li t0, 0x100
    csrc sstatus, t0
    sret

spin:
    .globl spin
    addi s0, s0, 1
    j spin

sleep:
    csrw sie, zero
    wfi
    j sleep

    .balign 4
    .globl trap
trap:
    csrw satp, zero
    li t0, 0x100000
    li t1, (7 << 16) | 0x3333
    sw t1, 0(t0)
    j .

    .balign 4096
    .globl user_code
user_code:
    li t0, 0x11000
    li t1, 0x1234
    sd t1, 8(t0)
    li a0, 42
    ecall

    .balign 4096
user_data:
    .ascii "mapped!\0"
    .balign 4096
    .section .data
mode:
    .word 0
    .balign 4096
root:
    .skip 4096
table1:
    .skip 4096
table0:
    .skip 4096
