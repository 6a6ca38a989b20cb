// Threads, and their floating-point registers, which the kernel itself never uses:
//
//     FS of a user's saved status      its f registers are
//     clean                            in the hart while it runs, and in Context::fp
//     dirty                            in the hart: the program has written one since. Saved when it is switched away from
#include "context.h"

namespace arch {

constexpr uint64_t FS_MASK = 3 << 13, FS_CLEAN = 2 << 13, FS_DIRTY = 3 << 13;
constexpr uint64_t STATUS_SPIE = 1 << 5;
constexpr uint64_t STATUS_UXL = uint64_t{3} << 32;  // register width of user mode; read-only 2 on most machines

extern "C" {
void swap_registers(Context* from, Context* to);
void thread_start();
void save_float_registers(FpState* state);
void load_float_registers(const FpState* state);
[[noreturn]] void leave_for_user(TrapFrame* frame);
}

static void set_fs(TrapFrame& frame, uint64_t fs) { frame.status = (frame.status & ~FS_MASK) | fs; }

void prepare_context(Context& context, std::byte* stack, void (*entry)(void*), void* argument) {
    context.user_frame = new (stack + KERNEL_STACK_SIZE - sizeof(TrapFrame)) TrapFrame();
    context.ra = reinterpret_cast<uint64_t>(&thread_start);
    context.sp = reinterpret_cast<uint64_t>(context.user_frame);
    context.s[1] = reinterpret_cast<uint64_t>(entry);
    context.s[2] = reinterpret_cast<uint64_t>(argument);
}

void switch_context(Context* from, Context* to) {
    if (from->user_frame) save_user_fp(*from);
    if (to->user_frame && to->user_frame->status & FS_MASK) load_float_registers(&to->fp);
    swap_registers(from, to);
}

void save_user_fp(Context& context) {
    if ((context.user_frame->status & FS_MASK) != FS_DIRTY) return;
    save_float_registers(&context.fp);
    set_fs(*context.user_frame, FS_CLEAN);
}

void set_user_fp(Context& context, const FpState& fp) {
    context.fp = fp;
    load_float_registers(&context.fp);
    set_fs(*context.user_frame, FS_CLEAN);
}

void reset_user_state(Context& context, VirtAddr pc, VirtAddr sp) {
    uint64_t status;
    asm("csrr %0, sstatus" : "=r"(status));
    TrapFrame& frame = *context.user_frame;
    frame = TrapFrame();
    frame.pc = pc.value;
    frame.sp = sp.value;
    frame.status = (status & STATUS_UXL) | STATUS_SPIE;
    set_user_fp(context, {});
}

[[noreturn]] void return_to_user(Context& context) { leave_for_user(context.user_frame); }

void copy_user_state(Context& child, Context& parent) {
    save_user_fp(parent);
    *child.user_frame = *parent.user_frame;
    child.fp = parent.fp;
}

}  // namespace arch
