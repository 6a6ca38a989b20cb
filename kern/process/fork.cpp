#include "mm/user_copy.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

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
Result<Own<UserThread>> make_thread(Ref<Process> process, UserThread& parent, const CloneRequest& request) {
    Ref<Vmar> space = request.flags & clone_flag::VM ? parent.vmar_ref() : TRY(parent.vmar().fork());
    (void)process->lock_vmar().set_vmar(space);
    auto thread = TRY(make_own<UserThread>(std::move(process), std::move(space)));
    TRY(thread->prepare(start_user_thread));
    thread->set_blocked_signals(parent.blocked_signals());
    if (request.flags & clone_flag::CHILD_SETTID)
        thread->set_child_tid = request.child_tid;
    if (request.flags & clone_flag::CHILD_CLEARTID)
        thread->clear_child_tid = request.child_tid;
    set_up_registers(*thread, parent, request);
    return thread;
}

}  // namespace

Result<int> clone_process(const CloneRequest& request) {
    if (request.flags & ~clone_flag::SUPPORTED) return fail(Errno::EINVAL);
    UserThread& parent = current_user_thread();
    Ref<Process> child = TRY(Process::fork_from(parent.process()));
    Own<UserThread> thread = TRY(make_thread(child, parent, request));
    TRY(lock_process_tree()->add(*child, &parent.process()));
    int pid = child->pid();
    if (request.flags & clone_flag::PARENT_SETTID)
        (void)write_user(request.parent_tid, pid);
    start_thread_of(*child, std::move(thread));
    if (request.flags & clone_flag::VFORK)
        TRY(child->wait_for_vfork_release());
    return pid;
}

}  // namespace kern
