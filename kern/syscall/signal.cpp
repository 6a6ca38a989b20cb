// System calls on signals: what is to happen, which are held back, waiting for one, and sending one. See
// rt_sigaction(2), kill(2).
#include "process/lifecycle.h"
#include "syscall/arguments.h"

constexpr uint64_t SET_SIZE = sizeof(uint64_t);  // of the kernel's sigset_t

// 0, which only asks whether the process is there, is one.
static bool is_signal(int number) { return 0 <= number && number <= SIGNAL_COUNT; }

static Result<SignalSet> read_set(VirtAddr from, uint64_t size) {
    return size == SET_SIZE ? Result<SignalSet>(SignalSet(TRY(read_user<uint64_t>(from)))) : fail(Errno::EINVAL);
}

// WHAT IS TO HAPPEN

static Result<> sys_rt_sigaction(int number, VirtAddr wanted, VirtAddr old, uint64_t size) {
    if (size != SET_SIZE) return fail(Errno::EINVAL);
    SignalAction action;
    if (wanted.value) action = TRY(read_user<SignalAction>(wanted));
    if (number == 0 || !is_signal(number) || (wanted.value && UNBLOCKABLE.has(number))) return fail(Errno::EINVAL);
    Process& self = current_process();
    SignalAction before = wanted.value ? set_signal_action(self, number, action) : self.lock()->actions[number];
    return old.value ? write_user(old, before) : Result<>();
}

static Result<> sys_rt_sigprocmask(int how, VirtAddr wanted, VirtAddr old, uint64_t size) {
    constexpr int BLOCK = 0, UNBLOCK = 1, SET = 2;
    UserThread& thread = current_user_thread();
    SignalSet before = thread.blocked;
    if (size != SET_SIZE) return fail(Errno::EINVAL);
    if (wanted.value) {
        SignalSet set = TRY(read_set(wanted, size));
        if (how < BLOCK || how > SET) return fail(Errno::EINVAL);
        set_blocked_signals(thread, how == BLOCK ? before | set : how == UNBLOCK ? before - set : set);
    }
    return old.value ? write_user(old, before.bits()) : Result<>();
}

static Result<> sys_sigaltstack(VirtAddr wanted, VirtAddr old) {
    UserThread& thread = current_user_thread();
    uint64_t sp = thread.context.user_frame->sp;
    SignalStack before = thread.signal_stack;
    if (before.contains(sp)) before.flags = SignalStack::IN_USE;
    if (wanted.value) {
        auto stack = TRY(read_user<SignalStack>(wanted));
        if (before.flags == SignalStack::IN_USE) return fail(Errno::EPERM);
        TRY(thread.signal_stack.set(stack));
    }
    return old.value ? write_user(old, before) : Result<>();
}

// The frame is above the program's stack pointer. What a0 was when the signal came is the result.
static Result<uint64_t> sys_rt_sigreturn(const SyscallArgs& args) {
    if (!pop_signal_frame(current_user_thread()) && !raise_fault(SignalInfo::from_kernel(SIGSEGV)))
        kill_for(SIGSEGV, "no signal frame where its handler returned");
    return args[0];
}

// WAITING

static Result<> sys_rt_sigpending(VirtAddr to, uint64_t size) {
    if (size > SET_SIZE) return fail(Errno::EINVAL);
    UserThread& thread = current_user_thread();
    uint64_t pending = ((current_process().lock()->pending.set() | thread.pending.set()) & thread.blocked).bits();
    return write_user(to, {reinterpret_cast<std::byte*>(&pending), size});
}

static Result<> sys_rt_sigsuspend(VirtAddr from, uint64_t size) {
    MaskDuringCall mask(TRY(read_set(from, size)));
    WaitQueue nobody;
    TRY(nobody.wait_until([] { return false; }));
    return {};
}

static Result<int> sys_rt_sigtimedwait(VirtAddr from, VirtAddr to, VirtAddr timeout, uint64_t size) {
    SignalSet wanted = TRY(read_set(from, size)) - UNBLOCKABLE;
    auto info = await_signal(wanted, TRY(read_deadline(timeout)));
    if (!info) return fail(info.error() == Errno::ETIMEDOUT ? Errno::EAGAIN : info.error());
    if (to.value) TRY(write_user(to, *info));
    return info->number;
}

// SENDING

// To a process, a group, or everyone but the first process and the caller's.
static Result<> sys_kill(int target, int number) {
    if (!is_signal(number)) return fail(Errno::EINVAL);
    if (target == INT32_MIN) return fail(Errno::ESRCH);
    Process& self = current_process();
    SignalInfo info = SignalInfo::from_caller(number, SignalInfo::USER);
    auto tree = lock_process_tree();
    if (Process* process = tree->find(target)) return tree->send(*process, info), Result<>();
    if (target > 0) return fail(Errno::ESRCH);
    int group = target == -1 ? ProcessTree::EVERYONE : target ? -target : tree->group(self);
    return tree->send_to_group(group, info, &self) ? Result<>() : fail(Errno::ESRCH);
}

// To one thread, of the process `group`; ANY_GROUP: whichever it belongs to.
constexpr int ANY_GROUP = INT32_MAX;
static Result<> sys_tgkill(int group, int tid, int number) {
    if (group <= 0 || tid <= 0 || !is_signal(number)) return fail(Errno::EINVAL);
    auto tree = lock_process_tree();
    UserThread* thread = tree->find_thread(tid);
    Process* process = thread ? &thread->process() : tree->find(tid);  // a zombie takes any signal
    if (!process || (group != ANY_GROUP && group != process->pid())) return fail(Errno::ESRCH);
    if (thread) tree->send(*process, SignalInfo::from_caller(number, SignalInfo::TKILL), thread);
    return {};
}

static Result<> sys_tkill(int tid, int number) { return sys_tgkill(ANY_GROUP, tid, number); }

constinit const SyscallFamily SIGNAL_SYSCALLS = {
    SYSCALL(129, kill), SYSCALL(130, tkill), SYSCALL(131, tgkill), SYSCALL(132, sigaltstack),
    SYSCALL(133, rt_sigsuspend), SYSCALL(134, rt_sigaction), SYSCALL(135, rt_sigprocmask), SYSCALL(136, rt_sigpending),
    SYSCALL(137, rt_sigtimedwait), {139, "rt_sigreturn", sys_rt_sigreturn},
};
