// Who runs on which hart. Each hart has a queue of its own; it takes turns when the timer says so on the way back to user
// mode. A hart with nothing to run sleeps until it is called; it takes over what another one has waiting. Kernel code is
// never preempted.
#pragma once

#include "context.h"

struct RunQueue;
class VmSpace;
struct SleepTag;

// Processor time: measured, and divided into the program's and the kernel's as the timer found the thread in either.
struct CpuTime {
    uint64_t user_ns = 0, kernel_ns = 0;

    uint64_t ns() const { return user_ns + kernel_ns; }
    void operator+=(const CpuTime& other) {
        user_ns += other.user_ns;
        kernel_ns += other.kernel_ns;
    }
};

// What the scheduler knows of a thread: a kernel stack, the registers it left off with, and whether it can run.
//
//               wake()                      the scheduler takes it
//     sleeping -------> ready (in a queue) -----------------------> running ----> dead, deleted by the next thread
//        ^                    ^                                      |  |
//        |                    +------------- yield() ----------------+  |
//        +------------------- sleep_until_set() ------------------------+
class Thread : public ListNode<Thread>, public ListNode<SleepTag> {
public:
    enum class State : uint32_t { ready, running, sleeping, dead };

    virtual ~Thread();

    // Gives a new thread its kernel stack; when it first runs it calls entry(thread), which must not return. ENOMEM.
    // `start` is what it jumps to; something else only for a hart that the firmware starts.
    Result<> prepare(void (*entry)(Thread&), void (*start)(void*) = first_switch);

    // Ends the sleeps of this thread that can be interrupted, this one and those to come, with EINTR: it has something
    // to see to before it returns to user mode.
    void interrupt();
    bool is_interrupted() const { return interrupted_.load() != 0; }
    void clear_interrupt() { interrupted_.store(0); }

    // What it has had of the harts so far; of a thread on another hart, about so much.
    CpuTime cpu_time() const;
    bool is_sleeping() const { return state_ == State::sleeping; }  // just now, at some moment

    arch::Context context;
    VmSpace* space = nullptr;  // the user addresses it runs with; null: none

private:
    friend struct RunQueue;
    friend class Scheduler;

    static void first_switch(void* thread);

    Atomic<uint32_t> interrupted_;
    // With the lock of the run queue of `hart_`:
    State state_ = State::sleeping;
    Atomic<uint32_t> hart_;   // index: where it runs, or ran last
    uint64_t wake_time_ = 0;  // ns; while it is in the list of sleepers

    // Written by the hart it runs on:
    Atomic<uint64_t> run_ns_, ticks_in_user_, ticks_in_kernel_;
    uint64_t running_since_ = 0;

    std::byte* stack_ = nullptr;
    void (*entry_)(Thread&) = nullptr;
};

inline constexpr uint64_t NEVER = UINT64_MAX;  // a deadline

inline Thread& current_thread() { return *arch::this_hart().thread; }

class Scheduler {
public:
    // STARTING. The caller becomes the idle thread of the hart that booted; `hz` turns a second are dealt out.
    static void start(uint64_t hz);
    // Lets another hart take part, which the firmware calls so. ENOMEM; EINVAL: there is no such hart, or no room for it.
    static Result<> start_hart(uint64_t firmware_id);
    [[noreturn]] static void run_idle();

    // Harts that take part.
    static unsigned hart_count();
    // How long they have had nothing to run, together.
    static uint64_t idle_ns();

    // Makes a new or sleeping thread ready, and calls an idle hart for it if there is one. Returns whether it slept. Any
    // context.
    static bool wake(Thread& thread);
    // Lets the others go first.
    static void yield();
    // Ends the current thread; it is deleted once its stack is left.
    [[noreturn]] static void exit();

    enum class Interruptible { yes, no };
    // Sleeps until wake(), the deadline (ns since power-on), or, if interruptible, Thread::interrupt(). Returns at once
    // when `flag` is set: whoever sets it calls wake() afterwards. May return early. No spinning lock may be held.
    static void sleep_until_set(const Atomic<uint32_t>& flag, uint64_t deadline, Interruptible interruptible);
};
