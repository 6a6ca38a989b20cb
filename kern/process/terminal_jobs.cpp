// What the terminal asks of the processes: see fs/devfs.h.
#include "fs/devfs.h"
#include "process/lifecycle.h"

namespace kern {

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
    bool is_ignored = thread.blocked.has(number) ||
                      thread.process().lock()->actions[number].handler == SignalAction::IGNORE;
    if (is_ignored) return signal == TerminalSignal::background_read ? fail(Errno::EIO) : Result<>();
    int group = calling_job().group;
    if (lock_process_tree()->is_orphaned(group)) return fail(Errno::EIO);
    signal_group(group, signal);
    return fail(Errno::EINTR);
}

}  // namespace kern
