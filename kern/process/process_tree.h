// All processes: by number, and as parents with their children.
#pragma once

#include "process/process.h"

namespace kern {

inline constexpr int INIT_PID = 1;
inline constexpr size_t MAX_PROCESSES = 1000;  // zombies count
inline constexpr int PID_LIMIT = 4096;         // numbers go from 1 to below this, and then begin again

// What wait4(2) waits for: any child, one of a group, or one process.
struct WaitTarget {
    enum class Kind { any, group, process } kind = Kind::any;
    int id = 0;
};

// The wait status that wait4(2) gives.
constexpr int exited_status(int code) { return (code & 0xff) << 8; }
constexpr int killed_status(int signal) { return signal; }

class ProcessTree {
public:
    // Gives `process` its number and its place below `parent` (null: the first process), whose group and session it
    // joins. EAGAIN when there are too many.
    Result<> add(Process& process, Process* parent);
    // Takes it out again, with its number: a zombie that was waited for, or one that never ran.
    void remove(Process& process);

    // Null when there is none. A zombie is found, too.
    Process* find(int pid) const { return 0 < pid && pid < PID_LIMIT ? by_pid_[pid] : nullptr; }
    // Calls visit(Process&) for each that is not a zombie, ascending by number.
    template <typename Visitor>
    void for_each(Visitor visit) {
        for (Process* process : by_pid_)
            if (process && !process->is_zombie_)
                visit(*process);
    }
    size_t count() const { return count_; }

    // The exit of `process`: its children become init's, and it a zombie; its parent's waits look again. Returns the
    // parent.
    Process& make_zombie(Process& process, int wait_status);

    struct Zombie {
        Ref<Process> process;  // null: such children are there, but all of them still run
        int wait_status = 0;
    };
    // Takes out a child of `parent` that has exited. ECHILD: it has no such child.
    Result<Zombie> reap(Process& parent, WaitTarget target);

    int group(Process& process) const { return process.group_; }
    int session(Process& process) const { return process.session_; }
    void set_group(Process& process, int group) { process.group_ = group; }
    void start_session(Process& process) { process.session_ = process.group_ = process.pid_; }
    bool is_zombie(Process& process) const { return process.is_zombie_; }

private:
    Result<int> take_pid();
    Process* find_child(Process& parent, WaitTarget target) const;
    static void put_below(Process& child, Process& parent);

    Process* by_pid_[PID_LIMIT] = {};  // each holds one reference
    size_t count_ = 0;
    int last_pid_ = 0;
};

Locked<ProcessTree>::Guard lock_process_tree();

// A process that lives, by number. ESRCH.
Result<Ref<Process>> find_process(int pid);

}  // namespace kern
