// Job control: which session has the terminal, and which of its jobs may use it. See fs/devfs.h, tty_ioctl(4).
#include "fs/devfs.h"
#include "mm/user_copy.h"
#include "process/lifecycle.h"

void signal_foreground(int signal) {
    auto tree = lock_process_tree();
    tree->send_to_group(tree->terminal.group, SignalInfo::from_kernel(signal));  // none: to everyone
}

bool is_controlling_terminal() {
    auto tree = lock_process_tree();
    return tree->terminal.session == tree->session(current_process());
}

Result<> check_foreground(TerminalUse use) {
    int signal = use == TerminalUse::read ? SIGTTIN : SIGTTOU;
    UserThread& thread = current_user_thread();
    auto tree = lock_process_tree();
    int group = tree->group(thread.process()), foreground = tree->terminal.group;
    if (tree->session(thread.process()) != tree->terminal.session || !foreground || foreground == group) return {};
    if (thread.blocked.has(signal) || thread.process().lock()->actions[signal].handler == SignalAction::IGNORE)
        return use == TerminalUse::read ? fail(Errno::EIO) : Result<>();
    if (tree->is_orphaned(group)) return fail(Errno::EIO);
    tree->send_to_group(group, SignalInfo::from_kernel(signal));
    return fail(Errno::EINTR);
}

Result<> control_job(unsigned request, VirtAddr argument) {
    constexpr unsigned SET_TERMINAL = 0x540e, GET_GROUP = 0x540f, SET_GROUP = 0x5410, GIVE_UP = 0x5422,
                       GET_SESSION = 0x5429;
    auto allowed = request == SET_GROUP ? check_foreground(TerminalUse::change) : Result<>();
    if (!allowed) return fail(allowed.error() == Errno::EIO ? Errno::ENOTTY : allowed.error());
    auto wanted = request == SET_GROUP ? read_user<int>(argument) : Result<int>(0);
    Process& self = current_process();
    auto tree = lock_process_tree();
    auto& terminal = tree->terminal;
    int session = tree->session(self);
    bool leads = session == self.pid(), is_ours = session == terminal.session;
    if (request == SET_TERMINAL) {  // an argument of 1: root may take it from another session
        if (!leads || (terminal.session && !is_ours && argument.value != 1)) return fail(Errno::EPERM);
        if (!is_ours) terminal = {session, tree->group(self)};
        return {};
    }
    if (!is_ours) return fail(Errno::ENOTTY);
    if (request == SET_GROUP) {
        if (TRY(wanted) < 0) return fail(Errno::EINVAL);
        if (!tree->has_group(*wanted, session)) return fail(tree->has_group(*wanted) ? Errno::EPERM : Errno::ESRCH);
        terminal.group = *wanted;
        return {};
    }
    if (request == GIVE_UP) {
        release_terminal(*tree, self);
        return {};
    }
    int answer = request == GET_SESSION ? terminal.session : terminal.group;
    tree.unlock();
    return request == GET_SESSION || request == GET_GROUP ? write_user(argument, answer) : fail(Errno::ENOTTY);
}

void release_terminal(ProcessTree& tree, Process& leader) {
    if (tree.terminal.session != leader.pid()) return;
    int group = std::exchange(tree.terminal, {}).group;
    for (int signal : {SIGHUP, SIGCONT})
        if (group) tree.send_to_group(group, SignalInfo::from_kernel(signal));
}
