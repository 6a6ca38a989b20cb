// A thread as the machine sees it: what is kept of it while another thread has the hart.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/contract.h"
#include "trap_frame.h"

namespace kern::arch {

// A kernel stack is one block of this size, aligned to it. Its lowest page is the guard: see guard_stack().
inline constexpr size_t KERNEL_STACK_SIZE = 4 * PAGE_SIZE;

// The user's floating-point registers while they are not in the hart.
struct FpState {
    uint64_t f[32] = {};
    uint64_t fcsr = 0;
};

struct Context {
    // What a function call preserves (switch.S knows the offsets); the rest is already on the stack.
    uint64_t ra = 0, sp = 0, s[12] = {};
    // The registers of the thread's user program, at the top of its kernel stack. Null for the boot context.
    TrapFrame* user_frame = nullptr;
    FpState fp;
};

static_assert(offsetof(Context, sp) == 8 && offsetof(Context, s) == 16);

// A new thread that, when first switched to, calls entry(argument) with interrupts off. `entry` must not return.
// The user frame at the top of the stack (`stack + KERNEL_STACK_SIZE`) is zeroed.
void prepare_context(Context& context, std::byte* stack, void (*entry)(void*), void* argument);

// Takes the page at the bottom of a kernel stack away, so that an overflow traps at once, or gives it back.
void guard_stack(std::byte* stack, bool guarded);

// Leaves the running thread in `from` and goes on where `to` left off. Interrupts are off, before and after.
void switch_context(Context* from, Context* to);

// Enters user mode as `context.user_frame` of the running thread says. Runs before_user_return() first.
[[noreturn]] void return_to_user(Context& context);

// Makes the user state a new program's: every register 0 but pc and sp. `context` is the running thread's, or a new one.
void reset_user_state(Context& context, VirtAddr pc, VirtAddr sp);

// Copies the user registers, floating point included, of the running thread `parent` (see fork(2)).
void copy_user_state(Context& child, Context& parent);

// Brings `context.fp` up to date when the registers in the hart are newer (for a signal frame or a debugger).
void save_user_fp(Context& context);

// An illegal instruction of the running user may only mean that its f registers are not in the hart. Returns whether
// that was so; then they are now, and the instruction can be tried again.
bool load_user_fp(TrapFrame& frame);

}  // namespace kern::arch
