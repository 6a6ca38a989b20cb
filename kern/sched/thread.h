// What the scheduler knows of a thread: a kernel stack, the registers it left off with, and whether it can run.
//
//               wake()                      the scheduler takes it
//     sleeping -------> ready (in a queue) -----------------------> running ----> dead, deleted by the next thread
//        ^                    ^                                      |  |
//        |                    +------------- yield() ----------------+  |
//        +------------------- sleep_until_set() ------------------------+
#pragma once

#include "context.h"
#include "base/atomic.h"
#include "base/list.h"
#include "base/result.h"

namespace kern {

class VmSpace;
struct SleepTag;

class Thread : public ListNode<Thread>, public ListNode<SleepTag> {
public:
    enum class State : uint32_t { ready, running, sleeping, dead };

    Thread() = default;
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    virtual ~Thread();

    // Gives a new thread its kernel stack; when it first runs it calls entry(thread), which must not return. ENOMEM.
    Result<> prepare(void (*entry)(Thread&));

    // Ends the sleeps of this thread that can be interrupted, this one and those to come, with EINTR: it has something
    // to see to before it returns to user mode.
    void interrupt();
    bool is_interrupted() const { return interrupted_.load() != 0; }
    void clear_interrupt() { interrupted_.store(0); }

    arch::Context context;
    VmSpace* space = nullptr;  // the user addresses it runs with; null: none

private:
    friend class RunQueue;
    friend class Scheduler;

    static void start(void* thread);

    Atomic<uint32_t> interrupted_;
    State state_ = State::sleeping;  // with the lock of the run queue of `hart_`
    Atomic<uint32_t> hart_;          // index: where it runs, or ran last
    uint64_t wake_time_ = 0;         // ns; while it is in the list of sleepers
    std::byte* stack_ = nullptr;
    void (*entry_)(Thread&) = nullptr;
};

}  // namespace kern
