// A lock whose waiters sleep: for what is held across file I/O, a page fault or another sleep. Taken with no spinning
// lock held. Used as Locked<T, Mutex> or with LockGuard.
#pragma once

#include "sched/wait_queue.h"

namespace kern {

class Mutex {
public:
    // A thread may change harts while it holds one, so the rank is for the reader only.
    constexpr explicit Mutex(LockRank) {}
    void lock() {
        may_sleep();
        if (!state_.compare_exchange(FREE, HELD)) [[unlikely]]
            waiters_.wait_uninterruptibly([this] { return state_.exchange_acquire(CONTENDED) == FREE; });
    }
    void unlock() {
        if (state_.fetch_and(FREE) == CONTENDED) [[unlikely]]
            waiters_.wake_one();
    }

private:
    static constexpr uint32_t FREE = 0, HELD = 1, CONTENDED = 2;  // contended: someone may sleep
    Atomic<uint32_t> state_;
    WaitQueue waiters_;
};

}  // namespace kern
