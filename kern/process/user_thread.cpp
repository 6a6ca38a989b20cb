#include "mm/user_copy.h"
#include "process/process.h"

namespace kern {

UserThread::UserThread(Ref<Process> process, Ref<Vmar> vmar) : process_(std::move(process)), vmar_(std::move(vmar)) {
    space = vmar_ ? &vmar_->vm_space() : nullptr;
}

UserThread::~UserThread() = default;

// Interrupts are off so that no switch comes between the thread's notion of its space and the hart's.
Ref<Vmar> UserThread::renew_vmar(Ref<Vmar> vmar) {
    bool enabled = arch::disable_interrupts();
    Ref<Vmar> old = std::exchange(vmar_, std::move(vmar));
    space = vmar_ ? &vmar_->vm_space() : nullptr;
    if (space)
        space->activate();
    else
        VmSpace::deactivate();
    arch::restore_interrupts(enabled);
    return old;
}

void start_thread_of(Process& process, Own<UserThread> thread) {
    thread->set_tid(process.pid());
    UserThread& started = *thread.release();
    auto state = process.lock();
    state->threads.push_back(started);
    if (state->signals.pending.empty())
        Scheduler::wake(started);
    else
        started.interrupt();  // it was killed before it began
}

void start_user_thread(Thread& thread) {
    auto& self = static_cast<UserThread&>(thread);
    if (self.set_child_tid.value)
        (void)write_user(self.set_child_tid, self.tid());
    arch::return_to_user(self.context);
}

// Interrupts are off, and on again whenever there is something to do.
void arch::before_user_return(TrapFrame&) {
    for (;;) {
        Hart& hart = this_hart();
        if (hart.need_resched)
            Scheduler::yield();
        else if (hart.thread->is_interrupted())
            handle_signals(static_cast<UserThread&>(*hart.thread));
        else
            return;
    }
}

void arch::on_timer() { Scheduler::on_timer(); }

}  // namespace kern
