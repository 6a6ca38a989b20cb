#include "fs/mount.h"
#include "mm/user_copy.h"
#include "process/futex.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

// The machine's exit status is that of its first process, as a shell gives it: see wait(2) for the parts of `wait_status`.
[[noreturn]] void end_machine(int wait_status) {
    int signal = wait_status & 0x7f;
    shut_down_file_systems();
    arch::power_off(static_cast<unsigned>(signal ? 128 + signal : (wait_status >> 8) & 0xff));
}

// Everything the process held is given back. The space takes time, so it goes with no lock held.
void end_process(Process& process, Ref<Vmar> last, int wait_status) {
    if (process.pid() == INIT_PID)
        end_machine(wait_status);
    process.files.table.close_all();
    process.files.set_working_directory(nullptr);
    Ref<Vmar> process_s = process.lock_vmar().set_vmar(nullptr);
    last = process_s = nullptr;
    auto tree = lock_process_tree();
    release_terminal(*tree, process);
    tree->release_vfork_parent(process);
    tree->make_zombie(process, wait_status);
}

// Out of the process's threads. After the last one: the status of the process.
std::optional<int> leave_process(UserThread& self, int wait_status) {
    Process& process = self.process();
    auto tree = lock_process_tree();
    tree->remove(self);
    auto state = process.lock();
    static_cast<ListNode<ThreadTag>&>(self).unlink();
    for (UserThread& thread : state->threads)
        if (!state->pending.set().empty())
            thread.interrupt();  // what this one was told of
    state->ended_threads_time += self.cpu_time();
    if (--state->thread_count) return std::nullopt;
    state->alarm = {};
    return state->is_ending ? state->wait_status : wait_status;
}

}  // namespace

void exit_thread(int wait_status) {
    UserThread& self = current_user_thread();
    Process& process = self.process();
    release_user_words(self);
    auto last_status = leave_process(self, wait_status);
    Ref<Vmar> space = self.renew_vmar(nullptr);
    if (last_status)
        end_process(process, std::move(space), *last_status);
    else
        process.events.wake_all();  // execve(2) may wait for this
    space = nullptr;
    Scheduler::exit();
}

void exit_process(int wait_status) {
    Process& process = current_process();
    if (process.pid() == INIT_PID)
        end_machine(wait_status);
    process.end_threads(nullptr, wait_status);
    exit_thread(wait_status);
}

Result<ProcessTree::Change> wait_for_child(WaitTarget target, uint32_t options) {
    Process& self = current_process();
    auto look = [&]() -> std::optional<Result<ProcessTree::Change>> {
        auto found = lock_process_tree()->take_change(self, target, options);
        if (found && !found->pid && !(options & wait_option::NO_HANG)) return std::nullopt;
        return found;
    };
    return *TRY(self.events.wait_until(look));
}

}  // namespace kern
