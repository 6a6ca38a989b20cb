// System calls on signals: what is to happen, which are held back, and sending one. See rt_sigaction(2), kill(2).
#include "mm/user_copy.h"
#include "process/process_tree.h"
#include "syscall/table.h"

namespace kern {

namespace {

constexpr uint64_t SET_SIZE = sizeof(uint64_t);  // of the kernel's sigset_t

bool is_signal(int number) { return 1 <= number && number <= SIGNAL_COUNT; }

Result<uint64_t> sys_rt_sigaction(const SyscallArgs& args) {
    int number = args.integer(0);
    if (args[3] != SET_SIZE || !is_signal(number) || (args[1] && UNBLOCKABLE.has(number)))
        return fail(Errno::EINVAL);
    SignalAction wanted;
    if (args[1])
        wanted = TRY(read_user<SignalAction>(args.address(1)));
    auto state = current_process().lock();
    SignalAction old = state->signals.action(number);
    if (args[1])
        state->signals.set_action(number, wanted);
    state.unlock();
    if (args[2])
        TRY(write_user(args.address(2), old));
    return 0;
}

Result<SignalSet> changed(SignalSet old, int how, SignalSet set) {
    constexpr int BLOCK = 0, UNBLOCK = 1, SET = 2;
    switch (how) {
    case BLOCK:
        return old | set;
    case UNBLOCK:
        return old - set;
    case SET:
        return set;
    default:
        return fail(Errno::EINVAL);
    }
}

Result<uint64_t> sys_rt_sigprocmask(const SyscallArgs& args) {
    if (args[3] != SET_SIZE)
        return fail(Errno::EINVAL);
    UserThread& thread = current_user_thread();
    SignalSet old = thread.blocked_signals();
    if (args[1]) {
        SignalSet set(TRY(read_user<uint64_t>(args.address(1))));
        thread.set_blocked_signals(TRY(changed(old, args.integer(0), set)));
        if (!(old - thread.blocked_signals()).empty())
            thread.interrupt();  // what was let through may be waiting
    }
    if (args[2])
        TRY(write_user(args.address(2), old.bits()));
    return 0;
}

Result<uint64_t> sys_rt_sigpending(const SyscallArgs& args) {
    if (args[1] > SET_SIZE)
        return fail(Errno::EINVAL);
    uint64_t pending = current_process().lock()->signals.pending.bits() & current_user_thread().blocked_signals().bits();
    TRY(write_user(args.address(0), {reinterpret_cast<std::byte*>(&pending), args[1]}));
    return 0;
}

// Number 0 only asks whether the process is there.
void send(Process& process, int number) {
    if (number)
        send_signal(process, number);
}

Result<> send_to_process(int pid, int number) {
    Ref<Process> process = find_process(pid);
    if (!process)
        return lock_process_tree()->find(pid) ? Result<>() : fail(Errno::ESRCH);  // a zombie takes any signal
    send(*process, number);
    return {};
}

// To each process that `wanted` says yes to. ESRCH: there is none.
template <typename Wanted>
Result<> send_to_all(int number, Wanted wanted) {
    bool found = false;
    auto tree = lock_process_tree();
    tree->for_each([&](Process& process) {
        if (!wanted(*tree, process))
            return;
        found = true;
        send(process, number);
    });
    return found ? Result<>() : fail(Errno::ESRCH);
}

Result<> send_to_group(int group, int number) {
    return send_to_all(number, [=](ProcessTree& tree, Process& process) { return tree.group(process) == group; });
}

// kill(2)'s reading of its first argument.
Result<> send_to(int target, int number) {
    if (target > 0)
        return send_to_process(target, number);
    if (target == 0) {
        int group = lock_process_tree()->group(current_process());
        return send_to_group(group, number);
    }
    if (target == INT32_MIN)
        return fail(Errno::ESRCH);
    if (target < -1)
        return send_to_group(-target, number);
    Process& self = current_process();
    return send_to_all(number, [&](ProcessTree&, Process& process) { return &process != &self && process.pid() != INIT_PID; });
}

Result<uint64_t> sys_kill(const SyscallArgs& args) {
    int number = args.integer(1);
    if (number != 0 && !is_signal(number))
        return fail(Errno::EINVAL);
    TRY(send_to(args.integer(0), number));
    return 0;
}

// Threads and processes are the same, so far.
Result<uint64_t> send_to_thread(int group, int tid, int number) {
    if (tid <= 0 || (number != 0 && !is_signal(number)))
        return fail(Errno::EINVAL);
    if (group && group != tid)
        return fail(Errno::ESRCH);
    TRY(send_to_process(tid, number));
    return 0;
}

Result<uint64_t> sys_tkill(const SyscallArgs& args) { return send_to_thread(0, args.integer(0), args.integer(1)); }

Result<uint64_t> sys_tgkill(const SyscallArgs& args) {
    if (args.integer(0) <= 0)
        return fail(Errno::EINVAL);
    return send_to_thread(args.integer(0), args.integer(1), args.integer(2));
}

constexpr Syscall CALLS[] = {
    {129, "kill", sys_kill},
    {130, "tkill", sys_tkill},
    {131, "tgkill", sys_tgkill},
    {134, "rt_sigaction", sys_rt_sigaction},
    {135, "rt_sigprocmask", sys_rt_sigprocmask},
    {136, "rt_sigpending", sys_rt_sigpending},
};

}  // namespace

constinit const std::span<const Syscall> SIGNAL_SYSCALLS = CALLS;

}  // namespace kern
