// Copying memory: memcpy, and user copies.
// Unaligned words are fine for the machine; what counts is few instructions.
#include "offsets.inc"

// Does `ld REG, OFFSET(BASE)`, or sd, with eight registers.
    .macro EIGHT do, base
    .set offset, 0
    .irp register, t1, t2, t3, t4, t5, t6, a6, a7
    \do \register, offset(\base)
    .set offset, offset + 8
    .endr
    .endm

// The steps of a copy: so many bytes are done, or still to be.
    .macro ADVANCE to, from, count, size
    addi \count, \count, -(\size)
    addi \from, \from, \size
    addi \to, \to, \size
    .endm

// Copies COUNT bytes from FROM to TO, ascending; uses t0 to t6 and a5 to a7. `words` and `bytes` name the two halves.
    .macro COPY_UP to, from, count, words, bytes
\words:
    li t0, 64
    bltu \count, t0, 2f
1:  EIGHT ld, \from
    EIGHT sd, \to
    ADVANCE \to, \from, \count, 64
    bgeu \count, t0, 1b
2:  li t0, 8
    bltu \count, t0, \bytes
3:  ld t1, 0(\from)
    sd t1, 0(\to)
    ADVANCE \to, \from, \count, 8
    bgeu \count, t0, 3b
\bytes:
    beqz \count, 5f
4:  lbu t1, 0(\from)
    sb t1, 0(\to)
    ADVANCE \to, \from, \count, 1
    bnez \count, 4b
5:
    .endm

    .text
    .globl memcpy
memcpy:
    mv a3, a0
    COPY_UP a3, a1, a2, copy_words, copy_bytes
    ret

// size_t user_read(void* to, VirtAddr from, size_t size)
// size_t user_write(VirtAddr to, const void* from, size_t size)
// When a page cannot be had, on_kernel_trap() continues at copy_stop with what is left in a2; in the word half it first
// falls back to the byte half, so that the count is exact.
    .globl user_read, user_write, user_copy_words, user_copy_bytes, user_copy_stop
user_read:
    mv a3, a1
    j 1f
user_write:
    mv a3, a0
1:  li t0, 1
    slli t0, t0, 38                     // USER_HALF_END
    bgeu a3, t0, copy_refused
    sub t0, t0, a3
    bgeu t0, a2, 2f
    mv a2, t0                           // only as far as the user half goes
2:  mv a4, a2
    li a5, SSTATUS_SUM
    csrs sstatus, a5
    COPY_UP a0, a1, a2, user_copy_words, user_copy_bytes
user_copy_stop:
    csrc sstatus, a5
    sub a0, a4, a2
    ret
copy_refused:
    mv a0, zero
    ret
