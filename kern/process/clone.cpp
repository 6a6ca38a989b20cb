#include "mm/user_copy.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

// Threads of one process share everything; processes share nothing but, if wanted, the space.
Result<> check(uint64_t flags) {
    using namespace clone_flag;
    if ((flags & ~SUPPORTED) || ((flags & CLEAR_SIGHAND) && (flags & SIGHAND))) return fail(Errno::EINVAL);
    return (flags & THREAD_SHARES) == THREAD_SHARES || !(flags & (THREAD | SIGHAND | FILES | FS)) ? Result<>() : fail(Errno::EINVAL);
}

// The child's registers: the parent's, but for what `request` says.
void set_up_registers(UserThread& child, UserThread& parent, const CloneRequest& request) {
    arch::copy_user_state(child.context, parent.context);
    arch::TrapFrame& frame = *child.context.user_frame;
    frame.set_syscall_result(0);
    if (request.stack.value)
        frame.set_user_sp(request.stack);
    if (request.flags & clone_flag::SETTLS)
        frame.set_user_tls(request.tls);
}

// A thread of `process` that will go on where `parent` is.
Result<Own<UserThread>> make_thread(Ref<Process> process, Ref<Vmar> space, UserThread& parent, const CloneRequest& request) {
    auto thread = TRY(make_own<UserThread>(std::move(process), std::move(space)));
    TRY(thread->prepare(start_user_thread));
    thread->blocked = parent.blocked;
    if (!(request.flags & clone_flag::VM) || (request.flags & clone_flag::VFORK))
        thread->signal_stack = parent.signal_stack;
    if (request.flags & clone_flag::CHILD_SETTID)
        thread->set_child_tid = request.child_tid;
    if (request.flags & clone_flag::CHILD_CLEARTID)
        thread->clear_child_tid = request.child_tid;
    set_up_registers(*thread, parent, request);
    return thread;
}

// Sleeps through every signal but the parent's end: there is a child already, so the call cannot be made again.
void wait_for_vfork(UserThread& parent, Process& child) {
    Process& process = parent.process();
    process.events.wait_uninterruptibly([&] { return child.has_left_vfork.load_acquire() || process.lock()->must_end(parent); });
}

}  // namespace

void start_thread(Own<UserThread> thread) {
    UserThread& started = *thread.release();
    auto tree = lock_process_tree();
    tree->publish(started);
    auto state = started.process().lock();
    state->threads.push_back(started);
    state->thread_count++;
    if (state->must_end(started) || !state->pending.set().empty())
        started.interrupt();  // it was killed before it began
    else
        Scheduler::wake(started);
}

Result<int> clone(const CloneRequest& request) {
    TRY(check(request.flags));
    UserThread& parent = current_user_thread();
    bool is_thread = request.flags & clone_flag::THREAD;
    Ref<Process> process = is_thread ? Ref<Process>::share(&parent.process()) : TRY(Process::fork_from(parent.process()));
    Ref<Vmar> space = request.flags & clone_flag::VM ? parent.vmar_ref() : TRY(parent.vmar().fork());
    auto thread = TRY(make_thread(process, space, parent, request));
    if (is_thread) {
        TRY(lock_process_tree()->add(*thread));
    } else {
        (void)process->lock_vmar().set_vmar(std::move(space));
        if (request.flags & clone_flag::CLEAR_SIGHAND)
            process->lock()->actions.reset_handlers();
        int signal = request.flags & clone_flag::EXIT_SIGNAL;
        process->exit_signal.store(signal <= SIGNAL_COUNT ? signal : 0);
        TRY(lock_process_tree()->add(*process, *thread, &parent.process()));
    }
    int tid = thread->tid();
    if (request.flags & clone_flag::PARENT_SETTID)
        (void)write_user(request.parent_tid, tid);
    start_thread(std::move(thread));
    if (request.flags & clone_flag::VFORK)
        wait_for_vfork(parent, *process);
    return tid;
}

}  // namespace kern
