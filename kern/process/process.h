// A process: what its threads share, and what is left of it until its parent has asked for its status.
//
//     fork -> running -> the last thread exits: a zombie, with nothing but pid and status -> wait4 by the parent: gone
#pragma once

#include "fs/fd_table.h"
#include "process/signal.h"
#include "vm/vmar.h"

struct SiblingTag;
struct ThreadTag;

// A thread of a user program. What has no lock belongs to the thread itself.
class UserThread final : public Thread, public ListNode<ThreadTag> {
public:
    // Its own reference to the process's space: who runs on this thread uses it without a lock.
    UserThread(Ref<Process> process, Ref<Vmar> vmar);

    Process& process() const { return *process_; }
    Vmar& vmar() const { return *vmar_; }
    const Ref<Vmar>& vmar_ref() const { return vmar_; }
    // Makes `vmar` (null: none) the space of this thread, which is the current one, and of this hart. Returns the old
    // one.
    [[nodiscard]] Ref<Vmar> renew_vmar(Ref<Vmar> vmar);
    // From the same numbers as pids; the first thread's is the pid. Set by ProcessTree.
    int tid() const { return tid_; }

    // What the program has us write to: the tid when the thread starts, 0 when it ends (clone(2), set_tid_address(2)),
    // and the locks it holds when it ends (get_robust_list(2)).
    VirtAddr set_child_tid, clear_child_tid, robust_list;

    // SIGNALS. The first three change with the process's lock.

    SignalSet blocked;
    SignalSet awaited;       // rt_sigtimedwait(2) takes these although they are blocked
    PendingSignals pending;  // sent to this thread alone
    SignalStack signal_stack;
    std::optional<SignalSet> blocked_after_call;  // see MaskDuringCall
    bool call_was_interrupted = false;            // the system call that the thread comes from gave EINTR

    // A wait of `ns` from now, as a deadline. If the call is made again because a signal without a handler came, its
    // deadline is the one it had.
    uint64_t deadline_in(uint64_t ns);
    uint64_t repeated_call = 0;                   // its number

private:
    friend class ProcessTree;

    Ref<Process> process_;
    Ref<Vmar> vmar_;
    int tid_ = 0;
    uint64_t deadline_ = 0;
};

// Resource limits: see getrlimit(2). All are recorded; those that have a name here are enforced.
namespace resource {
enum : uint32_t { DATA = 2, STACK = 3, CORE = 4, PROCESSES = 6, FILES = 7, ADDRESS_SPACE = 9, COUNT = 16 };
}

struct Limit {
    uint64_t current = NO_LIMIT, maximum = NO_LIMIT;
};

struct Limits : std::array<Limit, resource::COUNT> {
    // What the first process starts with.
    Limits();
    VmLimits vm() const;
};

// setitimer(2)'s ITIMER_REAL: when SIGALRM is due, and how long after that again; ns since power-on.
struct Alarm {
    uint64_t time = NEVER;
    uint64_t interval = 0;  // 0: once
};

// A process's name as ps(1) shows it: the last part of the executable's path, cut to 15 bytes.
using CommandName = std::array<char, 16>;

// The slot in which a process keeps its address space:
//
//     Process [ Mutex: Ref<Vmar> ] ----+
//                                      +----> Vmar          both point to the same one; a thread reads its own
//     UserThread [ Ref<Vmar> ] --------+                    reference without a lock
using VmarSlot = Locked<Ref<Vmar>, Mutex>;

// A guard to the Vmar of a process, from Process::lock_vmar(). While it is held the Vmar is not replaced; its mappings
// may change. Empty when the process has exited.
class ProcessVmarGuard {
public:
    explicit ProcessVmarGuard(VmarSlot& slot) : inner_(slot.lock()) {}

    // Puts another Vmar (null: none) in, and hands back the old one: to be dropped after this guard.
    [[nodiscard]] Ref<Vmar> set_vmar(Ref<Vmar> new_vmar) { return std::exchange(*inner_, std::move(new_vmar)); }
    // One more reference, for the thread to keep.
    Ref<Vmar> dup_vmar() const { return *inner_; }

private:
    VmarSlot::Guard inner_;
};

class Process : public RefCounted<Process>, public ListNode<SiblingTag> {
public:
    Process() = default;
    // A child for fork(2): signal actions, limits, name, descriptors and directories copied; no space, no thread yet.
    // ENOMEM.
    static Result<Ref<Process>> fork_from(Process& parent);

    // Set by ProcessTree::add, never changed.
    int pid() const { return pid_; }
    // 0: it has none. Follows a parent's exit.
    int parent_pid() const { return parent_pid_.load(); }

    ProcessVmarGuard lock_vmar() { return ProcessVmarGuard(vmar_); }

    struct State {
        List<UserThread, ThreadTag> threads;
        size_t thread_count = 0;
        CommandName name = {};
        Limits limits;
        uint32_t personality = 0;  // as personality(2) has it
        SignalActions actions;
        PendingSignals pending;
        Alarm alarm;
        CpuTime ended_threads_time, children_time;  // of children that were waited for
        CpuTime cpu_time();

        // How it ends. The first who decides wins: exit_group(2) or a fatal signal for all threads, execve(2) for all
        // but one.
        bool is_ending = false;
        UserThread* survivor = nullptr;
        int wait_status = 0;
        bool must_end(const UserThread& thread) const { return is_ending || (survivor && survivor != &thread); }

        // Stopped by a signal, until SIGCONT.
        bool is_stopped = false;
        int news = 0;  // the status that wait4(2) has not given yet; 0: none
    };
    Locked<State>::Guard lock() { return state_.lock(); }
    // Has all threads end, but for `survivor`; they do it on their way to user mode. False: that was decided before.
    bool end_threads(UserThread* survivor, int wait_status);

    const uint64_t start_ns = arch::now_ns();  // since power-on
    ProcessFiles files;

    // Who waits for something here to change: a child, a thread that ends, SIGCONT, the space of a vfork(2) child.
    WaitQueue events;

private:
    friend class ProcessTree;
    friend void describe_current_process(TextSink& sink);

    VmarSlot vmar_{LockRank::process};
    Locked<State> state_{LockRank::process};
    int pid_ = 0;
    Atomic<int> parent_pid_;  // changes with the lock of the ProcessTree

    // With the lock of the ProcessTree:
    Process* parent_ = nullptr;
    List<Process, SiblingTag> children_;  // those that have exited first
    int group_ = 0;
    int session_ = 0;
    bool is_zombie_ = false;
    bool has_run_exec_ = false;
};

inline constexpr uint64_t NS_PER_TICK = 10'000'000;  // in which times(2) and /proc count

inline UserThread& current_user_thread() { return static_cast<UserThread&>(current_thread()); }
// The process whose thread runs here; not for an idle thread or an interrupt handler.
inline Process& current_process() { return current_user_thread().process(); }

// Where a user thread begins, prepared with Thread::prepare: goes to user mode as its context says.
void start_user_thread(Thread& thread);
