#include "process/lifecycle.h"

#include "fs/mount.h"
#include "mm/user_copy.h"
#include "process/futex.h"

// CLONE

// Threads of one process share everything; processes share nothing but, if wanted, the space, and end with SIGCHLD.
static Result<> check(const CloneRequest& request) {
    using namespace clone_flag;
    uint64_t flags = request.flags, shares = flags & (THREAD_SHARES & ~VM);
    bool shares_all = (shares | (flags & VM)) == THREAD_SHARES;
    bool contradicts = (flags & CLEAR_SIGHAND) && (flags & SIGHAND);
    if ((flags & ~SUPPORTED) || (shares && !shares_all) || contradicts) return fail(Errno::EINVAL);
    if (!(flags & THREAD) && request.exit_signal != SIGCHLD) return fail(Errno::EINVAL);
    return request.set_tid || request.set_tid_size || request.cgroup ? fail(Errno::EINVAL) : Result<>();
}

// A thread of `process` that will go on where its parent is, with the parent's registers but for what `request` says.
static Result<Own<UserThread>> make_thread(Ref<Process> process, Ref<Vmar> space, const CloneRequest& request) {
    UserThread& parent = current_user_thread();
    auto thread = TRY(make_own<UserThread>(std::move(process), std::move(space)));
    TRY(thread->prepare(start_user_thread));
    thread->blocked = parent.blocked;
    if (!(request.flags & clone_flag::VM) || (request.flags & clone_flag::VFORK))
        thread->signal_stack = parent.signal_stack;
    if (request.flags & clone_flag::CHILD_SETTID) thread->set_child_tid = request.child_tid;
    if (request.flags & clone_flag::CHILD_CLEARTID) thread->clear_child_tid = request.child_tid;
    arch::copy_user_state(thread->context, parent.context);
    arch::TrapFrame& frame = *thread->context.user_frame;
    frame.set_syscall_result(0);
    if (request.stack.value) frame.set_user_sp(request.stack + request.stack_size);
    if (request.flags & clone_flag::SETTLS) frame.set_user_tls(request.tls);
    return thread;
}

// Until the child has left `space`. Sleeps through every signal but the parent's end: there is a child already, so the
// call cannot be made again.
static void wait_for_vfork(UserThread& parent, Process& child, const Ref<Vmar>& space) {
    Process& process = parent.process();
    auto may_go_on = [&] { return child.lock_vmar().dup_vmar() != space || process.lock()->must_end(parent); };
    process.events.wait_uninterruptibly(may_go_on);
}

// EXIT

// The machine's exit status is that of its first process, as a shell gives it. For `wait_status` see wait(2).
[[noreturn]] static void end_machine(int wait_status) {
    int signal = wait_status & 0x7f;
    shut_down_file_systems();
    arch::power_off(static_cast<unsigned>(signal ? 128 + signal : (wait_status >> 8) & 0xff));
}

// Everything the process held is given back. The space takes time, so it goes with no lock held.
static void end_process(Process& process, int wait_status) {
    if (process.pid() == INIT_PID) end_machine(wait_status);
    process.files.table.close_all();
    process.files.set_working_directory(nullptr);
    Ref<Vmar> space = process.lock_vmar().set_vmar(nullptr);
    space = nullptr;
    auto tree = lock_process_tree();
    release_terminal(*tree, process);
    tree->make_zombie(process, wait_status);
}

// Out of the process's threads. After the last one: the status of the process.
static std::optional<int> leave_process(UserThread& self, int wait_status) {
    Process& process = self.process();
    auto tree = lock_process_tree();
    tree->remove(self);
    auto state = process.lock();
    static_cast<ListNode<ThreadTag>&>(self).unlink();
    for (UserThread& thread : state->threads)
        if (!state->pending.set().empty()) thread.interrupt();  // what this one was told of
    state->ended_threads_time += self.cpu_time();
    if (--state->thread_count) return std::nullopt;
    state->alarm = {};
    return state->is_ending ? state->wait_status : wait_status;
}

Result<int> clone(const CloneRequest& request) {
    TRY(check(request));
    UserThread& parent = current_user_thread();
    bool is_thread = request.flags & clone_flag::THREAD;
    auto process = is_thread ? Ref<Process>::share(&parent.process()) : TRY(Process::fork_from(parent.process()));
    Ref<Vmar> space = request.flags & clone_flag::VM ? parent.vmar_ref() : TRY(parent.vmar().fork());
    auto thread = TRY(make_thread(process, space, request));
    if (is_thread) {
        TRY(lock_process_tree()->add(*thread));
    } else {
        (void)process->lock_vmar().set_vmar(space);
        if (request.flags & clone_flag::CLEAR_SIGHAND) reset_handlers(process->lock()->actions);
        TRY(lock_process_tree()->add(*process, *thread, &parent.process()));
    }
    int tid = thread->tid();
    if (request.flags & clone_flag::PARENT_SETTID) (void)write_user(request.parent_tid, tid);
    lock_process_tree()->start(std::move(thread));
    if (request.flags & clone_flag::VFORK) wait_for_vfork(parent, *process, space);
    return tid;
}

void exit_thread(int wait_status) {
    UserThread& self = current_user_thread();
    Process& process = self.process();
    release_user_words(self);
    (void)self.renew_vmar(nullptr);
    if (auto last_status = leave_process(self, wait_status)) end_process(process, *last_status);
    else process.events.wake_all();  // execve(2) may wait for this
    Scheduler::exit();
}

void exit_process(int wait_status) {
    Process& process = current_process();
    process.end_threads(nullptr, wait_status);
    exit_thread(wait_status);
}
