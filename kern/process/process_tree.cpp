#include "process/process_tree.h"

namespace kern {

static constinit Locked<ProcessTree> tree{LockRank::process_tree};

Locked<ProcessTree>::Guard lock_process_tree() { return tree.lock(); }

Result<Ref<Process>> find_process(int pid) {
    auto processes = tree.lock();
    Process* process = processes->find(pid);
    return process && !processes->is_zombie(*process) ? Result<Ref<Process>>(Ref<Process>::share(process)) : fail(Errno::ESRCH);
}

Result<int> ProcessTree::take_pid() {
    if (count_ >= MAX_PROCESSES) return fail(Errno::EAGAIN);
    do
        last_pid_ = last_pid_ + 1 < PID_LIMIT ? last_pid_ + 1 : INIT_PID + 1;
    while (by_pid_[last_pid_]);
    return last_pid_;
}

// Zombies stand in front, where wait4 looks first.
void ProcessTree::put_below(Process& child, Process& parent) {
    child.parent_ = &parent;
    child.parent_pid_.store(parent.pid_);
    if (child.is_zombie_)
        parent.children_.push_front(child);
    else
        parent.children_.push_back(child);
}

Result<> ProcessTree::add(Process& process, Process* parent) {
    int pid = TRY(take_pid());
    process.pid_ = process.group_ = process.session_ = pid;
    if (parent) {
        put_below(process, *parent);
        process.group_ = parent->group_;
        process.session_ = parent->session_;
    }
    process.ref();
    by_pid_[pid] = &process;
    count_++;
    return {};
}

void ProcessTree::remove(Process& process) {
    process.unlink();
    by_pid_[process.pid_] = nullptr;
    count_--;
    process.unref();
}

Process& ProcessTree::make_zombie(Process& process, int wait_status) {
    Process& init = *by_pid_[INIT_PID];
    if (!process.children_.empty())
        init.child_events.wake_all();
    while (Process* child = process.children_.pop_front())
        put_below(*child, init);
    process.is_zombie_ = true;
    process.wait_status_ = wait_status;
    process.unlink();
    put_below(process, *process.parent_);
    process.parent_->child_events.wake_all();
    return *process.parent_;
}

Process* ProcessTree::find_child(Process& parent, WaitTarget target) const {
    if (target.kind == WaitTarget::Kind::any) return parent.children_.front();
    if (target.kind == WaitTarget::Kind::process) {
        Process* process = find(target.id);
        return process && process->parent_ == &parent ? process : nullptr;
    }
    Process* found = nullptr;
    for (Process& child : parent.children_)
        if (child.group_ == target.id && (!found || child.is_zombie_))
            found = &child;
    return found;
}

Result<ProcessTree::Zombie> ProcessTree::reap(Process& parent, WaitTarget target) {
    Process* child = find_child(parent, target);
    if (!child) return fail(Errno::ECHILD);
    if (!child->is_zombie_) return Zombie{};
    Zombie zombie{Ref<Process>::share(child), child->wait_status_};
    remove(*child);
    return zombie;
}

}  // namespace kern
