#include "fs/devfs.h"
#include "mm/user_copy.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

constexpr uint64_t SA_NOCLDWAIT = 2;

// A shell's convention, and our machine's exit status: see wait(2) for the parts of `wait_status`.
unsigned machine_status(int wait_status) {
    int signal = wait_status & 0x7f;
    return static_cast<unsigned>(signal ? 128 + signal : (wait_status >> 8) & 0xff);
}

// For whoever shares the space: see set_tid_address(2).
void clear_child_tid(UserThread& thread) {
    constexpr unsigned OWN_REFS = 2;  // the thread's and the process's
    if (thread.clear_child_tid.value && thread.vmar_ref() && thread.vmar_ref()->ref_count() > OWN_REFS)
        (void)write_user(thread.clear_child_tid, 0);
}

// The space goes when both references are gone, after the guard: it takes time.
void drop_space(UserThread& thread) {
    Ref<Vmar> ours = thread.renew_vmar(nullptr);
    Ref<Vmar> process_s = thread.process().lock_vmar().set_vmar(nullptr);
}

void become_zombie(Process& process, int wait_status) {
    auto tree = lock_process_tree();
    Process& parent = tree->make_zombie(process, wait_status);
    SignalAction action = parent.lock()->signals.action(SIGCHLD);
    if (action.handler == SignalAction::IGNORE || (action.flags & SA_NOCLDWAIT))
        tree->remove(process);
    else
        send_signal(parent, SIGCHLD);
}

}  // namespace

void exit_process(int wait_status) {
    UserThread& thread = current_user_thread();
    Process& process = thread.process();
    if (process.pid() == INIT_PID)
        arch::power_off(machine_status(wait_status));
    clear_child_tid(thread);
    process.files.table.close_all();
    process.files.set_working_directory(nullptr);
    drop_space(thread);
    if (calling_job().leads_session)
        release_terminal(process.pid());
    process.release_vfork_parent();
    {
        auto state = process.lock();
        static_cast<ListNode<ThreadTag>&>(thread).unlink();
    }
    become_zombie(process, wait_status);
    Scheduler::exit();
}

Result<ProcessTree::Zombie> wait_for_child(WaitTarget target, bool no_hang) {
    Process& self = current_process();
    auto look = [&]() -> std::optional<Result<ProcessTree::Zombie>> {
        auto found = lock_process_tree()->reap(self, target);
        if (found && !found->process && !no_hang) return std::nullopt;
        return found;
    };
    return *TRY(self.child_events.wait_until(look));
}

}  // namespace kern
