// Copying and filling memory: the C library's mem* functions, user copies, whole pages.
// Unaligned words are fine for the machine; what counts is few instructions.
#include "offsets.inc"

// Copies COUNT bytes from FROM to TO, ascending; uses t0 to t6 and a5 to a7. `words` and `bytes` name the two halves.
    .macro COPY_UP to, from, count, words, bytes
\words:
    li t0, 64
    bltu \count, t0, 2f
1:  ld t1, 0(\from)
    ld t2, 8(\from)
    ld t3, 16(\from)
    ld t4, 24(\from)
    ld t5, 32(\from)
    ld t6, 40(\from)
    ld a6, 48(\from)
    ld a7, 56(\from)
    sd t1, 0(\to)
    sd t2, 8(\to)
    sd t3, 16(\to)
    sd t4, 24(\to)
    sd t5, 32(\to)
    sd t6, 40(\to)
    sd a6, 48(\to)
    sd a7, 56(\to)
    addi \count, \count, -64
    addi \from, \from, 64
    addi \to, \to, 64
    bgeu \count, t0, 1b
2:  li t0, 8
    bltu \count, t0, \bytes
3:  ld t1, 0(\from)
    sd t1, 0(\to)
    addi \count, \count, -8
    addi \from, \from, 8
    addi \to, \to, 8
    bgeu \count, t0, 3b
\bytes:
    beqz \count, 5f
4:  lbu t1, 0(\from)
    sb t1, 0(\to)
    addi \count, \count, -1
    addi \from, \from, 1
    addi \to, \to, 1
    bnez \count, 4b
5:
    .endm

    .text
    .globl memcpy, memmove, memset
memmove:
    sub t0, a0, a1
    bltu t0, a2, copy_down              // `to` lies inside the source: descending
memcpy:
    mv a3, a0
    COPY_UP a3, a1, a2, copy_words, copy_bytes
    ret

copy_down:
    add a3, a0, a2
    add a1, a1, a2
    li t0, 8
    bltu a2, t0, 2f
1:  addi a1, a1, -8
    addi a3, a3, -8
    ld t1, 0(a1)
    sd t1, 0(a3)
    addi a2, a2, -8
    bgeu a2, t0, 1b
2:  beqz a2, 4f
3:  addi a1, a1, -1
    addi a3, a3, -1
    lbu t1, 0(a1)
    sb t1, 0(a3)
    addi a2, a2, -1
    bnez a2, 3b
4:  ret

memset:
    mv a3, a0
    andi a1, a1, 0xff
    slli t1, a1, 8                      // the byte, eight times
    or a1, a1, t1
    slli t1, a1, 16
    or a1, a1, t1
    slli t1, a1, 32
    or a1, a1, t1
    li t0, 64
    bltu a2, t0, 2f
1:  sd a1, 0(a3)
    sd a1, 8(a3)
    sd a1, 16(a3)
    sd a1, 24(a3)
    sd a1, 32(a3)
    sd a1, 40(a3)
    sd a1, 48(a3)
    sd a1, 56(a3)
    addi a2, a2, -64
    addi a3, a3, 64
    bgeu a2, t0, 1b
2:  li t0, 8
    bltu a2, t0, 4f
3:  sd a1, 0(a3)
    addi a2, a2, -8
    addi a3, a3, 8
    bgeu a2, t0, 3b
4:  beqz a2, 6f
5:  sb a1, 0(a3)
    addi a2, a2, -1
    addi a3, a3, 1
    bnez a2, 5b
6:  ret

// size_t copy_from_user(void* to, uint64_t from, size_t size)
// size_t copy_to_user(uint64_t to, const void* from, size_t size)
// When a page cannot be had, on_kernel_trap() continues at copy_stop with what is left in a2; in the word half it first
// falls back to the byte half, so that the count is exact.
    .globl copy_from_user, copy_to_user, user_copy_words, user_copy_bytes, user_copy_stop
copy_from_user:
    mv a3, a1
    j 1f
copy_to_user:
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

    .globl zero_4k, copy_4k
zero_4k:
    li t0, 4096 / 256
1:
    .irp block, 0, 64, 128, 192
    .irp word, 0, 8, 16, 24, 32, 40, 48, 56
    sd zero, \block + \word(a0)
    .endr
    .endr
    addi a0, a0, 256
    addi t0, t0, -1
    bnez t0, 1b
    ret

copy_4k:
    li a2, 4096 / 128
1:
    .irp half, 0, 64
    ld t1, \half(a1)
    ld t2, \half + 8(a1)
    ld t3, \half + 16(a1)
    ld t4, \half + 24(a1)
    ld t5, \half + 32(a1)
    ld t6, \half + 40(a1)
    ld a6, \half + 48(a1)
    ld a7, \half + 56(a1)
    sd t1, \half(a0)
    sd t2, \half + 8(a0)
    sd t3, \half + 16(a0)
    sd t4, \half + 24(a0)
    sd t5, \half + 32(a0)
    sd t6, \half + 40(a0)
    sd a6, \half + 48(a0)
    sd a7, \half + 56(a0)
    .endr
    addi a0, a0, 128
    addi a1, a1, 128
    addi a2, a2, -1
    bnez a2, 1b
    ret
