#include "sched/wait_queue.h"

Result<> WaitQueue::sleep(Waiter& waiter, uint64_t deadline, Scheduler::Interruptible interruptible) {
    while (!waiter.woken.load_acquire()) {
        if (interruptible == Scheduler::Interruptible::yes && waiter.thread.is_interrupted()) return fail(Errno::EINTR);
        if (deadline != NEVER && arch::now_ns() >= deadline) return fail(Errno::ETIMEDOUT);
        Scheduler::sleep_until_set(waiter.woken, deadline, interruptible);
    }
    return {};
}

// The lock also waits for a waker that still looks at the waiter.
void WaitQueue::leave(Waiter& waiter, bool satisfied) {
    auto waiters = waiters_.lock();
    waiter.unlink();
    Waiter* next = waiter.woken.load() && !satisfied ? waiters->pop_front() : nullptr;
    if (next) wake(*next);
}

void WaitQueue::wake(Waiter& waiter) {
    waiter.woken.store_release(1);
    Scheduler::wake(waiter.thread);
}

void WaitQueue::wake_one() {
    auto waiters = waiters_.lock();
    if (Waiter* waiter = waiters->pop_front()) wake(*waiter);
}

void WaitQueue::wake_all() {
    auto waiters = waiters_.lock();
    while (Waiter* waiter = waiters->pop_front()) wake(*waiter);
}
