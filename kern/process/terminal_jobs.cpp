// What the terminal asks of the processes: see fs/devfs.h.
#include "fs/devfs.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

// The keys that were pressed and not passed on yet, one bit for each signal. They come in an interrupt, which cannot take
// the locks of processes; a thread of the kernel's own passes the signals on.
constinit Atomic<uint32_t> pressed;
constinit WaitQueue passer;

[[noreturn]] void pass_on_signals(Thread&) {
    for (;;) {
        SignalSet signals(passer.wait_uninterruptibly([] { return pressed.exchange_acquire(0); }));
        for (; int number = signals.first(); signals = signals - SignalSet::of(number))
            signal_group(terminal_owner().group, TerminalSignal{number});
    }
}

// Whether some process of this group has a parent outside it in its session: a shell, which would let a stopped group go on.
bool has_guardian(ProcessTree& tree, int group) {
    bool found = false;
    tree.for_each([&](Process& process) {
        Process* parent = tree.find(process.parent_pid());
        found |= tree.group(process) == group && parent && tree.group(*parent) != group &&
                 tree.session(*parent) == tree.session(process);
    });
    return found;
}

}  // namespace

Job calling_job() {
    Process& self = current_process();
    auto tree = lock_process_tree();
    return {tree->session(self), tree->group(self), tree->session(self) == self.pid()};
}

Result<int> session_of_group(int group) {
    auto tree = lock_process_tree();
    int session = 0;
    tree->for_each([&](Process& process) {
        if (tree->group(process) == group)
            session = tree->session(process);
    });
    return session ? Result<int>(session) : fail(Errno::ESRCH);
}

void signal_group(int group, TerminalSignal signal) {
    auto tree = lock_process_tree();
    tree->for_each([&](Process& process) {
        if (group ? tree->group(process) == group : process.pid() != INIT_PID)
            send_signal(process, static_cast<int>(signal));
    });
}

Result<> stop_background_job(TerminalSignal signal) {
    int number = static_cast<int>(signal);
    UserThread& thread = current_user_thread();
    bool is_ignored = thread.blocked_signals().has(number) ||
                      thread.process().lock()->signals.action(number).handler == SignalAction::IGNORE;
    if (is_ignored) return signal == TerminalSignal::background_read ? fail(Errno::EIO) : Result<>();
    int group = calling_job().group;
    if (!has_guardian(*lock_process_tree(), group)) return fail(Errno::EIO);
    signal_group(group, signal);
    return fail(Errno::EINTR);
}

void on_terminal_key(TerminalSignal signal) {
    pressed.fetch_or(uint32_t{1} << (static_cast<int>(signal) - 1));
    passer.wake_one();
}

Result<> start_terminal_signals() {
    auto thread = TRY(make_own<Thread>());
    TRY(thread->prepare(pass_on_signals));
    Scheduler::wake(*thread.release());
    return {};
}

}  // namespace kern
