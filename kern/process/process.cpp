#include "mm/user_copy.h"
#include "process/process_tree.h"

Limits::Limits() {
    at(resource::STACK).current = INIT_STACK_SIZE;
    at(resource::CORE).current = 0;
    at(resource::PROCESSES) = {MAX_TASKS, MAX_TASKS};
    at(resource::FILES) = {FdTable::DEFAULT_LIMIT, FdTable::MOST};
}

VmLimits Limits::vm() const {
    return {.address_space = at(resource::ADDRESS_SPACE).current, .data = at(resource::DATA).current,
            .stack = at(resource::STACK).current};
}

Result<Ref<Process>> Process::fork_from(Process& parent) {
    auto child = TRY(make_ref<Process>());
    TRY(parent.files.copy_to(child->files));
    auto theirs = parent.lock();
    State& ours = child->state_.unlocked();  // nobody else knows the child yet
    ours.actions = theirs->actions;
    ours.limits = theirs->limits;
    ours.personality = theirs->personality;
    ours.name = theirs->name;
    return child;
}

bool Process::end_threads(UserThread* survivor, int wait_status) {
    {
        auto state = lock();
        if (state->is_ending || state->survivor) return false;
        state->is_ending = !survivor;
        state->survivor = survivor;
        state->wait_status = wait_status;
        for (UserThread& thread : state->threads)
            if (&thread != survivor) thread.interrupt();
    }
    events.wake_all();  // those that nothing else interrupts
    return true;
}

CpuTime Process::State::cpu_time() {
    CpuTime sum = ended_threads_time;
    for (UserThread& thread : threads) sum += thread.cpu_time();
    return sum;
}

// ITS THREADS

UserThread::UserThread(Ref<Process> process, Ref<Vmar> vmar) : process_(std::move(process)), vmar_(std::move(vmar)) {
    space = vmar_ ? &vmar_->vm_space() : nullptr;
}

// Interrupts are off so that no switch comes between the thread's notion of its space and the hart's.
Ref<Vmar> UserThread::renew_vmar(Ref<Vmar> vmar) {
    bool enabled = arch::disable_interrupts();
    Ref<Vmar> old = std::exchange(vmar_, std::move(vmar));
    space = vmar_ ? &vmar_->vm_space() : nullptr;
    VmSpace::switch_to(space);
    arch::restore_interrupts(enabled);
    return old;
}

uint64_t UserThread::deadline_in(uint64_t ns) {
    if (std::exchange(repeated_call, 0) != context.user_frame->syscall_number())
        deadline_ = ns < NEVER - arch::now_ns() ? arch::now_ns() + ns : NEVER;
    return deadline_;
}

void start_user_thread(Thread& thread) {
    auto& self = static_cast<UserThread&>(thread);
    if (self.set_child_tid.value) (void)write_user(self.set_child_tid, self.tid());
    arch::return_to_user(self.context);
}

// Interrupts are off, and on again whenever there is something to do.
void arch::before_user_return(TrapFrame&) {
    for (;;) {
        Hart& hart = this_hart();
        if (hart.need_resched) Scheduler::yield();
        else if (hart.thread->is_interrupted()) handle_signals(static_cast<UserThread&>(*hart.thread));
        else return;
    }
}
