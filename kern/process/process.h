// A process: what its threads share, and what is left of it until its parent has asked for its status.
//
//     fork -> running -> exit: a zombie, with nothing but pid and status -> wait4 by the parent: gone
#pragma once

#include <array>

#include "fs/fd_table.h"
#include "process/process_vmar.h"
#include "process/signal.h"
#include "sched/scheduler.h"

namespace kern {

struct SiblingTag;
struct ThreadTag;

// A thread of a user program.
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
    VirtAddr set_child_tid, clear_child_tid;

private:
    Ref<Process> process_;
    Ref<Vmar> vmar_;
    int tid_ = 0;
    Atomic<uint64_t> blocked_signals_;
};

// Resource limits: see getrlimit(2). All are recorded; those that have a name here are enforced.
enum class Resource : uint32_t { data = 2, stack = 3, core = 4, processes = 6, files = 7, address_space = 9, count = 16 };

struct Limit {
    uint64_t current = NO_LIMIT;
    uint64_t maximum = NO_LIMIT;
};

class Limits {
public:
    // What the first process starts with.
    Limits();
    Limit& operator[](Resource resource) { return limits_[static_cast<size_t>(resource)]; }
    VmLimits vm() const;

private:
    Limit limits_[static_cast<size_t>(Resource::count)];
};

// A process's name as ps(1) shows it: the last part of the executable's path, cut to 15 bytes.
using CommandName = std::array<char, 16>;

class Process : public RefCounted<Process>, public ListNode<SiblingTag> {
public:
    Process() = default;
    // A child for fork(2): signal actions, limits, name, descriptors and directories copied; no space, no thread yet. ENOMEM.
    static Result<Ref<Process>> fork_from(Process& parent);

    // Set by ProcessTree::add, never changed.
    int pid() const { return pid_; }
    // 0: it has none. Follows a parent's exit.
    int parent_pid() const { return parent_pid_.load(); }

    ProcessVmarGuard lock_vmar() { return ProcessVmarGuard(vmar_); }

    struct State {
        List<UserThread, ThreadTag> threads;
        SignalState signals;
        Limits limits;
        CommandName name = {};
    };
    Locked<State>::Guard lock() { return state_.lock(); }
    // Takes the name from the executable's path.
    void set_name(std::string_view path);

    ProcessFiles files;
    static constexpr uint32_t ADDR_NO_RANDOMIZE = 0x40000;
    Atomic<uint32_t> personality;  // personality(2)

    // Who waits for children to change.
    WaitQueue child_events;

    // vfork(2): the parent waits until the child has a space of its own, or is gone. EINTR: the parent is to die.
    Result<> wait_for_vfork_release();
    void release_vfork_parent();

private:
    friend class ProcessTree;
    friend void describe_current_process(TextSink& sink);

    VmarSlot vmar_{LockRank::process};
    Locked<State> state_{LockRank::process};
    Atomic<uint32_t> vfork_released_;
    WaitQueue vfork_wait_;
    int pid_ = 0;
    Atomic<int> parent_pid_;  // changes with the lock of the ProcessTree

    // With the lock of the ProcessTree:
    Process* parent_ = nullptr;
    List<Process, SiblingTag> children_;  // those that have exited first
    int group_ = 0;
    int session_ = 0;
    bool is_zombie_ = false;
    int wait_status_ = 0;
};

inline UserThread& current_user_thread() { return static_cast<UserThread&>(current_thread()); }
// The process whose thread runs here; not for an idle thread or an interrupt handler.
inline Process& current_process() { return current_user_thread().process(); }

// Makes `thread` the first one of a process that has its number, and lets it run.
void start_thread_of(Process& process, Own<UserThread> thread);

// Where a user thread begins, prepared with Thread::prepare: goes to user mode as its context says.
void start_user_thread(Thread& thread);

}  // namespace kern
