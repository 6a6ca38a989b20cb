// What a signal handler finds on its stack, byte for byte as Linux's riscv64 port lays it out: see sigaction(2),
// getcontext(3), and <asm/ucontext.h>.
//
//     higher    |  the interrupted program's stack, or the top of the alternate one  |
//               +--------------------------------------------------------------------+
//               |  UserContext: its stack, its signal mask, pc, x1 to x31, f0 to f31 |  <- a2, the handler's third argument
//               |  SignalInfo                                                        |  <- a1, its second
//     sp -----> +--------------------------------------------------------------------+   ra = the vDSO's rt_sigreturn
#include "mm/user_copy.h"
#include "process/lifecycle.h"

struct MachineContext {
    uint64_t pc;
    uint64_t x[31];
    uint64_t f[32];
    uint32_t fcsr;
    uint32_t unused[67];  // for registers of 128 bits
};

struct UserContext {
    uint64_t flags, link;
    SignalStack stack;
    uint64_t mask;
    uint64_t unused[15];
    alignas(16) MachineContext machine;
};

struct SignalFrame {
    SignalInfo info;
    UserContext context;
};
static_assert(sizeof(SignalFrame) == 1088 && offsetof(UserContext, machine) == 176);

// The vDSO's entry point is the function that handlers return to.
static VirtAddr return_address(Vmar& vmar) {
    auto& header = *reinterpret_cast<const elf::Header*>(vdso_image);
    return vmar.process_vm().vdso_base() + header.e_entry;
}

Result<> push_signal_frame(UserThread& self, const SignalInfo& info, const SignalAction& action) {
    arch::TrapFrame& user = *self.context.user_frame;
    SignalStack& other = self.signal_stack;
    bool is_on_other = other.contains(user.sp);
    bool switches = (action.flags & SignalAction::ONSTACK) && other.size && !is_on_other;
    uint64_t top = switches ? other.start + other.size : user.sp;
    VirtAddr at(align_down(top - sizeof(SignalFrame), 16));
    if (is_on_other && !other.contains(at.value)) return fail(Errno::EFAULT);

    SignalFrame frame = {};
    frame.info = info;
    frame.context.stack = other;
    frame.context.mask = self.blocked_after_call.value_or(self.blocked).bits();
    MachineContext& machine = frame.context.machine;
    machine.pc = user.pc;
    memcpy(machine.x, &user.ra, sizeof(machine.x));
    arch::save_user_fp(self.context);
    memcpy(machine.f, self.context.fp.f, sizeof(machine.f));
    machine.fcsr = static_cast<uint32_t>(self.context.fp.fcsr);
    TRY(write_user(at, frame));

    user.ra = return_address(self.vmar()).value;
    user.sp = at.value;
    user.a0 = static_cast<uint64_t>(info.number);
    user.a1 = at.value + offsetof(SignalFrame, info);
    user.a2 = at.value + offsetof(SignalFrame, context);
    user.pc = action.handler;
    return {};
}

Result<> pop_signal_frame(UserThread& self) {
    arch::TrapFrame& user = *self.context.user_frame;
    UserContext context;
    TRY(read_user(std::as_writable_bytes(std::span(&context, 1)), user.user_sp() + offsetof(SignalFrame, context)));
    const MachineContext& machine = context.machine;
    user.pc = machine.pc;
    memcpy(&user.ra, machine.x, sizeof(machine.x));
    arch::FpState fp{.fcsr = machine.fcsr};
    memcpy(fp.f, machine.f, sizeof(fp.f));
    arch::set_user_fp(self.context, fp);
    set_blocked_signals(self, SignalSet(context.mask));
    if (!self.signal_stack.contains(user.sp)) (void)self.signal_stack.set(context.stack);
    return {};
}
