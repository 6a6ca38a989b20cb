#include "process/process_tree.h"

static constinit Locked<ProcessTree> process_tree{LockRank::process_tree};

Locked<ProcessTree>::Guard lock_process_tree() { return process_tree.lock(); }

Result<Ref<Process>> find_process(int pid) {
    auto processes = process_tree.lock();
    Process* process = pid ? processes->find(pid) : &current_process();
    return process ? Result<Ref<Process>>(Ref<Process>::share(process)) : fail(Errno::ESRCH);
}

// BY NUMBER

Result<> ProcessTree::add(UserThread& thread) {
    uint64_t most = thread.process().lock()->limits[resource::PROCESSES].current;
    if (count_ >= std::min<uint64_t>(most, MAX_TASKS)) return fail(Errno::EAGAIN);
    do
        last_number_ = last_number_ + 1 < PID_LIMIT ? last_number_ + 1 : INIT_PID + 1;
    while (numbers_[last_number_].uses);
    use(last_number_);
    thread.tid_ = last_number_;
    return {};
}

Result<> ProcessTree::add(Process& process, UserThread& thread, Process* parent) {
    TRY(add(thread));
    int pid = process.pid_ = thread.tid_;
    use(pid);
    join(process, parent ? parent->group_ : pid, parent ? parent->session_ : pid);
    if (parent) put_below(process, *parent);
    process.ref();
    numbers_[pid].process = &process;
    return {};
}

void ProcessTree::start(Own<UserThread> thread) {
    UserThread& started = *thread.release();
    numbers_[started.tid_].thread = &started;
    auto state = started.process().lock();
    state->threads.push_back(started);
    state->thread_count++;
    if (state->must_end(started) || !state->pending.set().empty()) started.interrupt();  // it was killed before it began
    else Scheduler::wake(started);
}

void ProcessTree::remove(Process& process) {
    process.unlink();
    numbers_[process.pid_].process = nullptr;
    for (int number : {process.pid_, process.group_, process.session_}) drop(number);
    process.unref();
}

void ProcessTree::remove(UserThread& thread) {
    numbers_[thread.tid_].thread = nullptr;
    drop(thread.tid_);
}

void ProcessTree::make_first(UserThread& thread) {
    remove(thread);
    thread.tid_ = thread.process().pid_;
    thread.process().has_run_exec_ = true;
    use(thread.tid_);
    numbers_[thread.tid_].thread = &thread;
}

// PARENTS

// Zombies stand in front, where wait4 looks first.
void ProcessTree::put_below(Process& child, Process& parent) {
    child.parent_ = &parent;
    child.parent_pid_.store(parent.pid_);
    if (child.is_zombie_) parent.children_.push_front(child);
    else parent.children_.push_back(child);
}

void ProcessTree::make_zombie(Process& process, int wait_status) {
    Process& init = *numbers_[INIT_PID].process;
    if (!process.children_.empty()) init.events.wake_all();
    while (Process* child = process.children_.pop_front()) put_below(*child, init);
    process.is_zombie_ = true;
    process.lock()->news = wait_status;
    process.unlink();
    Process& parent = *process.parent_;
    put_below(process, parent);
    parent.events.wake_all();
    SignalAction action = parent.lock()->actions[SIGCHLD];
    send(parent, SignalInfo::of_child(process.pid_, wait_status));
    if (action.handler == SignalAction::IGNORE || (action.flags & SignalAction::NOCLDWAIT)) remove(process);
}

void ProcessTree::tell_parent(Process& child, int wait_status) {
    wake_parent(child);
    if (child.parent_ && !(child.parent_->lock()->actions[SIGCHLD].flags & SignalAction::NOCLDSTOP))
        send(*child.parent_, SignalInfo::of_child(child.pid_, wait_status));
}

// The status that the options ask for, which is no news any more then.
std::optional<int> ProcessTree::change_of(Process& child, uint32_t options) {
    auto state = child.lock();
    uint32_t kind = child.is_zombie_ ? wait_option::EXITED : !state->news ? 0 :
                    state->news == CONTINUED_STATUS ? wait_option::CONTINUED : wait_option::STOPPED;
    if (!(options & kind)) return std::nullopt;
    return options & wait_option::NO_WAIT ? state->news : std::exchange(state->news, 0);
}

auto ProcessTree::take_change(Process& parent, WaitFor kind, int id, uint32_t options) -> std::optional<Result<Change>> {
    bool has_any = false;
    for (Process& child : parent.children_) {
        bool is_meant = kind == WaitFor::any || (kind == WaitFor::process ? child.pid_ : child.group_) == id;
        if (!is_meant || (options & (wait_option::ALL | wait_option::CLONE)) == wait_option::CLONE) continue;
        has_any = true;
        auto status = change_of(child, options);
        if (!status) continue;
        Change change{child.pid_, *status, child.lock()->children_time};
        change.time += child.lock()->cpu_time();
        if (child.is_zombie_ && !(options & wait_option::NO_WAIT)) {
            parent.lock()->children_time += change.time;
            remove(child);
        }
        return change;
    }
    return has_any ? std::nullopt : std::optional(Result<Change>(fail(Errno::ECHILD)));
}

// GROUPS AND SESSIONS

void ProcessTree::join(Process& process, int group, int session) {
    use(group);
    use(session);
    if (process.group_) drop(process.group_), drop(process.session_);
    process.group_ = group;
    process.session_ = session;
}

bool ProcessTree::has_group(int group, int session) {
    return any_of([&](Process& process) { return process.group_ == group && (!session || process.session_ == session); });
}

Result<> ProcessTree::set_group(Process& process, int group) {
    Process& self = current_process();
    if (&process != &self && process.parent_ != &self) return fail(Errno::ESRCH);
    if (process.session_ != self.session_) return fail(Errno::EPERM);
    if (&process != &self && process.has_run_exec_) return fail(Errno::EACCES);
    if (process.session_ == process.pid_) return fail(Errno::EPERM);
    if (group != process.pid_ && !has_group(group, process.session_)) return fail(Errno::EPERM);
    join(process, group, process.session_);
    return {};
}

Result<> ProcessTree::start_session(Process& process) {
    if (has_group(process.pid_, process.session_)) return fail(Errno::EPERM);
    join(process, process.pid_, process.pid_);
    return {};
}

bool ProcessTree::is_orphaned(int group) {
    return !any_of([&](Process& process) {
        Process* parent = process.parent_;
        if (process.group_ != group || process.is_zombie_ || !parent || parent->pid_ == INIT_PID) return false;
        return parent->group_ != group && parent->session_ == process.session_;
    });
}
