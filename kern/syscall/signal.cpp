// System calls on signals: what is to happen, which are held back, and sending one. See rt_sigaction(2), kill(2).
#include "mm/user_copy.h"
#include "process/process_tree.h"
#include "syscall/table.h"

namespace kern {

namespace {

constexpr uint64_t SET_SIZE = sizeof(uint64_t);  // of the kernel's sigset_t

// 0, which only asks whether the process is there, is one.
bool is_signal(int number) { return 0 <= number && number <= SIGNAL_COUNT; }

Result<> sys_rt_sigaction(const SyscallArgs& args) {
    int number = args.integer(0);
    if (args[3] != SET_SIZE || number == 0 || !is_signal(number) || (args[1] && UNBLOCKABLE.has(number)))
        return fail(Errno::EINVAL);
    SignalAction wanted;
    if (args[1])
        wanted = TRY(read_user<SignalAction>(args.address(1)));
    auto state = current_process().lock();
    SignalAction old = state->signals.action(number);
    if (args[1])
        state->signals.set_action(number, wanted);
    state.unlock();
    return args[2] ? write_user(args.address(2), old) : Result<>();
}

Result<> sys_rt_sigprocmask(const SyscallArgs& args) {
    constexpr int BLOCK = 0, UNBLOCK = 1, SET = 2;
    UserThread& thread = current_user_thread();
    SignalSet old = thread.blocked_signals();
    int how = args.integer(0);
    if (args[3] != SET_SIZE || (args[1] && (how < BLOCK || how > SET))) return fail(Errno::EINVAL);
    if (args[1]) {
        SignalSet set(TRY(read_user<uint64_t>(args.address(1))));
        thread.set_blocked_signals(how == BLOCK ? old | set : how == UNBLOCK ? old - set : set);
        if (!(old - thread.blocked_signals()).empty())
            thread.interrupt();  // what was let through may be waiting
    }
    return args[2] ? write_user(args.address(2), old.bits()) : Result<>();
}

Result<> sys_rt_sigpending(const SyscallArgs& args) {
    if (args[1] > SET_SIZE) return fail(Errno::EINVAL);
    uint64_t pending = current_process().lock()->signals.pending.bits() & current_user_thread().blocked_signals().bits();
    return write_user(args.address(0), {reinterpret_cast<std::byte*>(&pending), args[1]});
}

Result<> send_to_process(int pid, int number) {
    auto process = find_process(pid);
    if (!process)
        return lock_process_tree()->find(pid) ? Result<>() : fail(Errno::ESRCH);  // a zombie takes any signal
    send_signal(**process, number);
    return {};
}

// kill(2)'s reading of its first argument: a process, a group, or everyone but the first process and the caller.
Result<> send_to(int target, int number) {
    if (target > 0) return send_to_process(target, number);
    if (target == INT32_MIN) return fail(Errno::ESRCH);
    Process& self = current_process();
    auto tree = lock_process_tree();
    int group = target == 0 ? tree->group(self) : -target;
    bool found = false;
    tree->for_each([&](Process& process) {
        if (target == -1 ? &process == &self || process.pid() == INIT_PID : tree->group(process) != group) return;
        found = true;
        send_signal(process, number);
    });
    return found ? Result<>() : fail(Errno::ESRCH);
}

Result<> sys_kill(const SyscallArgs& args) {
    return is_signal(args.integer(1)) ? send_to(args.integer(0), args.integer(1)) : fail(Errno::EINVAL);
}

// Threads and processes are the same, so far.
Result<> send_to_thread(int group, int tid, int number) {
    if (group <= 0 || tid <= 0 || !is_signal(number)) return fail(Errno::EINVAL);
    return group == tid ? send_to_process(tid, number) : fail(Errno::ESRCH);
}

Result<> sys_tkill(const SyscallArgs& args) {
    return send_to_thread(args.integer(0), args.integer(0), args.integer(1));
}

Result<> sys_tgkill(const SyscallArgs& args) {
    return send_to_thread(args.integer(0), args.integer(1), args.integer(2));
}

constexpr Syscall CALLS[] = {
    {129, "kill", plain<sys_kill>},
    {130, "tkill", plain<sys_tkill>},
    {131, "tgkill", plain<sys_tgkill>},
    {134, "rt_sigaction", plain<sys_rt_sigaction>},
    {135, "rt_sigprocmask", plain<sys_rt_sigprocmask>},
    {136, "rt_sigpending", plain<sys_rt_sigpending>},
};

}  // namespace

constinit const std::span<const Syscall> SIGNAL_SYSCALLS = CALLS;

}  // namespace kern
