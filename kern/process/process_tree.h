// All processes and threads: by number, and processes as parents with their children.
#pragma once

#include "process/process.h"

inline constexpr int INIT_PID = 1;
inline constexpr size_t MAX_TASKS = 1000;  // threads and zombies
inline constexpr int PID_LIMIT = 4096;     // numbers go from 1 to below this, and then begin again

// Which children wait4(2) waits for: P_ALL, P_PID, P_PGID of waitid(2). A number says which process or group.
enum class WaitFor : uint32_t { any, process, group };

// The options of wait4(2) and waitid(2).
namespace wait_option {
inline constexpr uint32_t NO_HANG = 1, STOPPED = 2, EXITED = 4, CONTINUED = 8, NO_WAIT = 0x100'0000,
                          NO_THREAD = 0x2000'0000, ALL = 0x4000'0000, CLONE = 0x8000'0000;
}

// The wait status that wait4(2) gives.
constexpr int exited_status(int code) { return (code & 0xff) << 8; }
constexpr int killed_status(int signal) { return signal; }
constexpr int stopped_status(int signal) { return signal << 8 | 0x7f; }
inline constexpr int CONTINUED_STATUS = 0xffff;

class ProcessTree {
public:
    // BY NUMBER

    // Gives a thread its number. EAGAIN when there are too many.
    Result<> add(UserThread& thread);
    // The same for the first thread of `process`, which gets that number and its place below `parent` (null: the first
    // process), whose group and session it joins.
    Result<> add(Process& process, UserThread& thread, Process* parent);
    // Lets a thread that has its number run, as one of its process. From now on find_thread() finds it.
    void start(Own<UserThread> thread);
    // Takes it out again: a zombie that was waited for; a thread that ends.
    void remove(Process& process);
    void remove(UserThread& thread);
    // execve(2): the only thread that is left is the first one now, of a process that others leave in its group.
    void make_first(UserThread& thread);

    // Null when there is none. A zombie is found, too.
    Process* find(int pid) const { return is_number(pid) ? numbers_[pid].process : nullptr; }
    UserThread* find_thread(int tid) const { return is_number(tid) ? numbers_[tid].thread : nullptr; }
    // Calls visit(Process&) for each, zombies included, ascending by number.
    template <typename Visitor>
    void for_each(Visitor visit) {
        for (Number& number : numbers_)
            if (number.process) visit(*number.process);
    }
    // Whether one of them is such.
    template <typename Predicate>
    bool any_of(Predicate is_such) {
        return std::ranges::any_of(numbers_, [&](Number& number) { return number.process && is_such(*number.process); });
    }
    size_t count() const { return count_; }
    int last_number() const { return last_number_; }

    // PARENTS

    // The last thread of `process` has ended: its children become init's, and it a zombie, or nothing if its parent
    // does not care.
    void make_zombie(Process& process, int wait_status);
    bool is_zombie(Process& process) const { return process.is_zombie_; }
    // SIGCHLD to the parent for a child that stopped or continued, and whoever waits for children looks again.
    void tell_parent(Process& child, int wait_status);
    void wake_parent(Process& child) { if (child.parent_) child.parent_->events.wake_all(); }

    struct Change {
        int pid = 0;
        int wait_status = 0;
        CpuTime time;  // its own and its children's
    };
    // What is new of the children of `parent`; zombies are taken out. Nothing: nothing yet. ECHILD: it has no such child.
    std::optional<Result<Change>> take_change(Process& parent, WaitFor kind, int id, uint32_t options);

    // GROUPS AND SESSIONS: a session is a terminal's, a group is one of its jobs. See credentials(7), setpgid(2).

    int group(Process& process) const { return process.group_; }
    int session(Process& process) const { return process.session_; }
    // EPERM, EACCES, ESRCH. `process` is the current one or a child of its.
    Result<> set_group(Process& process, int group);
    Result<> start_session(Process& process);  // EPERM
    bool has_group(int group, int session = 0);  // 0: of any session
    // Whether no member has a parent in another group of its session, who could continue it when it was stopped; the
    // first process does not.
    bool is_orphaned(int group);
    // Whose controlling terminal the console is, and who is in the foreground; 0: no one. See terminal_jobs.cpp.
    struct { int session = 0, group = 0; } terminal;

    // SIGNALS. What is ignored leaves no trace, nor does number 0. See signal.cpp.

    // To the process, or to its thread `only`: it becomes pending, and the sleep of whoever will see to it ends.
    void send(Process& process, const SignalInfo& info, UserThread* only = nullptr);
    // To each process of a group; EVERYONE: to all but the first process and `but`. Returns how many they are.
    static constexpr int EVERYONE = 0;
    size_t send_to_group(int group, const SignalInfo& info, const Process* but = nullptr);

private:
    // A number is taken while a process, a thread, a group or a session has it.
    struct Number {
        Process* process;  // one reference
        UserThread* thread;
        size_t uses;
    };

    static bool is_number(int number) { return 0 < number && number < PID_LIMIT; }
    void use(int number) { count_ += numbers_[number].uses++ == 0; }
    void drop(int number) { count_ -= --numbers_[number].uses == 0; }
    void join(Process& process, int group, int session);
    static void put_below(Process& child, Process& parent);
    static std::optional<int> change_of(Process& child, uint32_t options);

    Number numbers_[PID_LIMIT] = {};
    size_t count_ = 0;
    int last_number_ = 0;
};

Locked<ProcessTree>::Guard lock_process_tree();

// A process by number, a zombie too; 0 means the current one. ESRCH.
Result<Ref<Process>> find_process(int pid);
