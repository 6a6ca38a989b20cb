// A thread as the machine sees it: what a trap saves of its program, and what is kept of it while another has the hart.
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

namespace arch {

// What a trap saves of the program it interrupts. trap.S fills it and knows the offsets below.
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
    void set_user_sp(VirtAddr address) { sp = address.value; }
    void set_user_tls(VirtAddr address) { tp = address.value; }
};

static_assert(sizeof(TrapFrame) == 288 && offsetof(TrapFrame, sp) == 8 && offsetof(TrapFrame, pc) == 248);  // offsets.inc
static_assert(offsetof(TrapFrame, status) == 256 && offsetof(TrapFrame, hart) == 264 && offsetof(TrapFrame, original_a0) == 272);

// A kernel stack is one block of this size, aligned to it. Its lowest page is the guard: see guard_stack().
inline constexpr size_t KERNEL_STACK_SIZE = 4 * PAGE_SIZE;

// The user's floating-point registers, as they were when they were last saved or loaded.
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

// Has the firmware start a hart, which goes on as `idle`, the context of a new thread, says. Its traps come to us and its page
// table is the kernel's. EINVAL: there is no such hart.
Result<> start_hart(unsigned index, uint64_t firmware_id, Context& idle);
// What the context given to start_hart has to do first.
void set_up_started_hart();

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

// The running thread's user gets these floating-point registers (after a signal handler).
void set_user_fp(Context& context, const FpState& fp);

}  // namespace arch
