// A thread of a user program.
#pragma once

#include "process/signal.h"
#include "sched/scheduler.h"
#include "vm/vmar.h"

namespace kern {

class Process;
struct ThreadTag;

class UserThread final : public Thread, public ListNode<ThreadTag> {
public:
    // Its own reference to the process's space: who runs on this thread uses it without a lock.
    UserThread(Ref<Process> process, Ref<Vmar> vmar);
    ~UserThread() override;

    Process& process() const { return *process_; }
    Vmar& vmar() const { return *vmar_; }
    const Ref<Vmar>& vmar_ref() const { return vmar_; }
    // Makes `vmar` (null: none) the space of this thread, which is the current one, and of this hart. Returns the old one.
    [[nodiscard]] Ref<Vmar> renew_vmar(Ref<Vmar> vmar);
    int tid() const { return tid_; }
    void set_tid(int tid) { tid_ = tid; }

    SignalSet blocked_signals() const { return SignalSet(blocked_signals_.load()); }
    void set_blocked_signals(SignalSet set) { blocked_signals_.store((set - UNBLOCKABLE).bits()); }

    // Where clone(2) and set_tid_address(2) have the kernel write: the tid when the thread starts, 0 when it ends.
    VirtAddr set_child_tid;
    VirtAddr clear_child_tid;

private:
    Ref<Process> process_;
    Ref<Vmar> vmar_;
    int tid_ = 0;
    Atomic<uint64_t> blocked_signals_;
};

inline UserThread& current_user_thread() { return static_cast<UserThread&>(current_thread()); }

// Makes `thread` the first one of a process that has its number, and lets it run.
void start_thread_of(Process& process, Own<UserThread> thread);

// Where a user thread begins, prepared with Thread::prepare: goes to user mode as its context says.
void start_user_thread(Thread& thread);

}  // namespace kern
