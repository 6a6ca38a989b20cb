// Threads that wait for something to become true. Whoever makes it true calls wake_one() or wake_all() afterwards.
//
//     Result<size_t> n = readable_.wait_until([&] { return try_read(out); });      // try_read: std::optional<size_t>
//
// A waiter stands in the queue before it looks for the last time, so a wake-up between its look and its sleep is not lost.
// `attempt` runs without the queue's lock and takes what locks it needs itself.
#pragma once

#include "sched/scheduler.h"

class WaitQueue {
public:
    // Calls `attempt` until what it returns (a bool, an optional, a Ref, ...) is true, sleeping between the calls; returns
    // that value. EINTR when the thread is to die or has a signal to handle; ETIMEDOUT after `deadline` (ns since
    // power-on); EAGAIN when that is AT_ONCE: it never sleeps. No spinning lock may be held.
    static constexpr uint64_t AT_ONCE = 0;
    auto wait_until(auto attempt, uint64_t deadline = NEVER) -> Result<decltype(attempt())> {
        return wait(attempt, deadline, Scheduler::Interruptible::yes);
    }
    // The same, but nothing ends the wait early: only for what is sure to come soon.
    auto wait_uninterruptibly(auto attempt) -> decltype(attempt()) {
        return *wait(attempt, NEVER, Scheduler::Interruptible::no);
    }

    // Any context, an interrupt handler too.
    void wake_one();
    void wake_all();

    // One sleep of the current thread, for queues of other kinds (futex.cpp).
    struct Waiter : ListNode<Waiter> {
        Thread& thread = current_thread();
        Atomic<uint32_t> woken;
    };
    // Sleeps until wake(), the deadline (ETIMEDOUT) or an interruption (EINTR).
    static Result<> sleep(Waiter& waiter, uint64_t deadline, Scheduler::Interruptible interruptible);
    static void wake(Waiter& waiter);

private:
    auto wait(auto& attempt, uint64_t deadline, Scheduler::Interruptible interruptible) -> Result<decltype(attempt())> {
        may_sleep();
        if (auto result = attempt()) return result;
        if (deadline == AT_ONCE) return fail(Errno::EAGAIN);
        for (Waiter waiter;;) {
            waiter.woken.store(0);
            waiters_.lock()->push_back(waiter);
            auto result = attempt();
            Result<> slept = result ? Result<>() : sleep(waiter, deadline, interruptible);
            leave(waiter, slept.has_value());
            if (result) return result;
            TRY(slept);
        }
    }

    // A wake_one() that met a waiter who gives up is passed on.
    void leave(Waiter& waiter, bool satisfied);

    Locked<List<Waiter, Waiter>, IrqSpinLock> waiters_{LockRank::wait_queue};
};

// A lock whose waiters sleep: for what is held across file I/O, a page fault or another sleep. Taken with no spinning
// lock held. Used as Locked<T, Mutex> or with LockGuard.
class Mutex {
public:
    // A thread may change harts while it holds one, so the rank is for the reader only.
    constexpr explicit Mutex(LockRank) {}
    void lock() {
        may_sleep();
        if (!state_.compare_exchange(FREE, HELD)) wait();
        holder_ = &current_thread();
    }
    void unlock() {
        if (state_.fetch_and(FREE) == CONTENDED) waiters_.wake_one();
    }

private:
    [[gnu::noinline]] void wait() {  // where a debugger sees a wait begin and end
        waiters_.wait_uninterruptibly([this] { return state_.exchange_acquire(CONTENDED) == FREE; });
    }

    static constexpr uint32_t FREE = 0, HELD = 1, CONTENDED = 2;  // contended: someone may sleep
    Atomic<uint32_t> state_;
    Thread* holder_ = nullptr;  // while it is held; for a debugger
    WaitQueue waiters_;
};
