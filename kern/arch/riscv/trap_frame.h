// What a trap saves of the program it interrupts. trap.S fills it and knows the offsets below.
//
//        kernel stack of a thread, 16 KiB, aligned to its size
//     base              base + 4 KiB                                        top
//      +-----------------+---------------------------+-----------------------+
//      |   guard page    |   <- stack grows down     |  the user's TrapFrame |
//      +-----------------+---------------------------+-----------------------+
//
// While the thread is in user mode, sscratch holds the address of its frame; while it is in the kernel, 0. A trap from
// the kernel itself pushes another TrapFrame, wherever the stack is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/addr.h"

namespace kern::arch {

struct Hart;

struct TrapFrame {
    uint64_t ra = 0, sp = 0, gp = 0, tp = 0;  // x1 to x31, in order
    uint64_t t0 = 0, t1 = 0, t2 = 0, s0 = 0, s1 = 0;
    uint64_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0;
    uint64_t s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0, s8 = 0, s9 = 0, s10 = 0, s11 = 0;
    uint64_t t3 = 0, t4 = 0, t5 = 0, t6 = 0;
    uint64_t pc = 0;           // sepc; after a system call, of the instruction behind the ecall
    uint64_t status = 0;       // sstatus, with the state of the floating-point registers (FS)
    Hart* hart = nullptr;      // the kernel's tp while the user runs
    uint64_t original_a0 = 0;  // a system call's first argument, which the result overwrites
    uint64_t reserved = 0;     // keeps the stack aligned to 16 bytes

    // The system call convention: number in a7, arguments in a0 to a5, result or -errno in a0.
    uint64_t syscall_number() const { return a7; }
    uint64_t syscall_argument(size_t index) const { return (&a0)[index]; }
    void set_syscall_result(int64_t result) { a0 = static_cast<uint64_t>(result); }
    // Back to the ecall instruction with the arguments it had: the call is made again.
    void restart_syscall() { a0 = original_a0; pc -= 4; }

    VirtAddr user_pc() const { return VirtAddr(pc); }
    VirtAddr user_sp() const { return VirtAddr(sp); }
    void set_user_pc(VirtAddr address) { pc = address.value; }
    void set_user_sp(VirtAddr address) { sp = address.value; }
    void set_user_tls(VirtAddr address) { tp = address.value; }
};

static_assert(sizeof(TrapFrame) == 288 && sizeof(TrapFrame) % 16 == 0);
static_assert(offsetof(TrapFrame, sp) == 8 && offsetof(TrapFrame, a0) == 72 && offsetof(TrapFrame, t6) == 240);
static_assert(offsetof(TrapFrame, pc) == 248 && offsetof(TrapFrame, status) == 256);
static_assert(offsetof(TrapFrame, hart) == 264 && offsetof(TrapFrame, original_a0) == 272);

}  // namespace kern::arch
