#include "mm/user_copy.h"
#include "process/process_tree.h"

namespace kern {

Limits::Limits() {
    Limits& self = *this;
    self[Resource::stack].current = INIT_STACK_SIZE;
    self[Resource::core].current = 0;
    self[Resource::processes] = {MAX_PROCESSES, MAX_PROCESSES};
    self[Resource::files] = {FdTable::DEFAULT_LIMIT, FdTable::MOST};
}

VmLimits Limits::vm() const {
    auto of = [this](Resource resource) { return limits_[static_cast<size_t>(resource)].current; };
    return {.address_space = of(Resource::address_space), .data = of(Resource::data), .stack = of(Resource::stack)};
}

Result<Ref<Process>> Process::fork_from(Process& parent) {
    auto child = TRY(make_ref<Process>());
    TRY(parent.files.copy_to(child->files));
    child->personality.store(parent.personality.load());
    auto theirs = parent.lock();
    State& ours = child->state_.unlocked();  // nobody else knows the child yet
    ours.signals = theirs->signals;
    ours.signals.pending = SignalSet();
    ours.limits = theirs->limits;
    ours.name = theirs->name;
    return child;
}

void Process::set_name(std::string_view path) {
    std::string_view last = path.substr(path.rfind('/') + 1);
    CommandName name = {};
    last.copy(name.data(), name.size() - 1);
    lock()->name = name;
}

Result<> Process::wait_for_vfork_release() {
    TRY(vfork_wait_.wait_until([this] { return vfork_released_.load_acquire() != 0; }));
    return {};
}

void Process::release_vfork_parent() {
    vfork_released_.store_release(1);
    vfork_wait_.wake_all();
}

// ITS THREADS

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
