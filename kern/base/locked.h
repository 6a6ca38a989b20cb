// Locks that spin. The kernel is not preempted while it runs, so a hart that holds one keeps running until it lets go;
// nobody may sleep with one held. IrqSpinLock also keeps interrupts off: for what an interrupt handler shares.
// Mostly they are not used alone, but in Locked, below.
#pragma once

#include <utility>

#include "arch/contract.h"
#include "base/atomic.h"
#include "base/lock_rank.h"
#include "base/panic.h"

namespace kern {

// To be said by whoever may sleep, also when it does not come to that: no spinning lock is held here.
inline void may_sleep() { DEBUG_ASSERT(arch::this_hart().held_locks.none()); }

// What all locks here have in common: a rank, a bit in state_ for each hart that holds the lock, and a watchdog.
class RankedLock {
protected:
    constexpr explicit RankedLock(LockRank rank) : rank_(rank) {}

    // Tries until it works. To wait for seconds is a deadlock, whose cause is reported by panic().
    template <typename Attempt>
    void take(Attempt attempt) {
        if constexpr (DEBUG_BUILD)
            arch::this_hart().held_locks.push(rank_);
        for (uint64_t since = 0; !attempt();)
            wait_turn(since);
    }
    void note_taken_out_of_order() const {
        if constexpr (DEBUG_BUILD)
            arch::this_hart().held_locks.push_any(rank_);
    }
    void note_dropped() const {
        if constexpr (DEBUG_BUILD)
            arch::this_hart().held_locks.pop(rank_);
    }
    static uint32_t my_bit() { return 1u << arch::this_hart().index; }

    Atomic<uint32_t> state_;

private:
    void wait_turn(uint64_t& since) const;

    LockRank rank_;
};

// How long a lock may be waited for, in ns. (Variable for the test of just this.)
extern uint64_t lock_patience_ns;

class SpinLock : RankedLock {
public:
    constexpr explicit SpinLock(LockRank rank) : RankedLock(rank) {}
    void lock() {
        take([this, me = my_bit()] { return state_.compare_exchange(0, me); });
    }
    // Does not wait, and so fits in any order. False: someone has it.
    bool try_lock() {
        bool taken = state_.compare_exchange(0, my_bit());
        if (taken)
            note_taken_out_of_order();
        return taken;
    }
    void unlock() {
        state_.store_release(0);
        note_dropped();
    }
};

class IrqSpinLock : SpinLock {
public:
    using SpinLock::SpinLock;
    void lock() {
        bool enabled = arch::disable_interrupts();
        SpinLock::lock();
        interrupts_were_on_ = enabled;
    }
    void unlock() {
        bool enable = interrupts_were_on_;
        SpinLock::unlock();
        arch::restore_interrupts(enable);
    }

private:
    bool interrupts_were_on_ = false;  // the holder's; written and read with the lock held
};

// Many readers or one writer. A waiting writer stops new readers from overtaking it for ever.
//
//     state:   0 free    the readers' bits    WRITER | the writer's bit    WAITING | ... a writer waits
class RwSpinLock : RankedLock {
public:
    constexpr explicit RwSpinLock(LockRank rank) : RankedLock(rank) {}
    void lock_shared() {
        take([this, me = my_bit()] {
            uint32_t state = state_.load();
            return !(state & (WRITER | WAITING)) && state_.compare_exchange(state, state | me);
        });
    }
    void unlock_shared() {
        state_.fetch_and(~my_bit());
        note_dropped();
    }
    void lock() {
        take([this, me = my_bit() | WRITER] {
            if (state_.compare_exchange(0, me) || state_.compare_exchange(WAITING, me)) return true;
            state_.fetch_or(WAITING);
            return false;
        });
    }
    void unlock() {
        state_.fetch_and(WAITING);
        note_dropped();
    }

private:
    static constexpr uint32_t WRITER = 1u << 31, WAITING = 1u << 30;
};

// Holds a lock from its making to its end.
template <typename Lock>
class [[nodiscard]] LockGuard {
public:
    explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
    ~LockGuard() { lock_.unlock(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    Lock& lock_;
};

// Data, as long as its lock is held: to the end of the scope, or to unlock(), after which it must not be used.
template <typename T, typename Lock, auto release>
class [[nodiscard]] Held {
public:
    Held(T& data, Lock* lock) : data_(data), lock_(lock) {}
    Held(Held&& other) noexcept : data_(other.data_), lock_(std::exchange(other.lock_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() { unlock(); }
    T* operator->() const { return &data_; }
    T& operator*() const { return data_; }
    explicit operator bool() const { return lock_; }  // false: try_lock() did not get it
    void unlock() {
        if (lock_)
            (std::exchange(lock_, nullptr)->*release)();
    }

private:
    T& data_;
    Lock* lock_;
};

// Data that can only be reached through its lock:
//
//     Locked<Counters, SpinLock> counters_{LockRank::vmo};
//     auto counters = counters_.lock();       // held until `counters` goes out of scope
//     counters->pages++;
template <typename T, typename Lock = SpinLock>
class Locked {
public:
    using Guard = Held<T, Lock, &Lock::unlock>;

    template <typename... Args>
    constexpr explicit Locked(LockRank rank, Args&&... args) : lock_(rank), data_(std::forward<Args>(args)...) {}

    Guard lock() {  // exclusive
        lock_.lock();
        return Guard(data_, &lock_);
    }
    Guard try_lock() { return Guard(data_, lock_.try_lock() ? &lock_ : nullptr); }
    auto read() const {  // shared; RwSpinLock only
        lock_.lock_shared();
        return Held<const T, Lock, &Lock::unlock_shared>(data_, &lock_);
    }

    // For a debugger, a panic report, or an object nobody else can see (its destructor): without the lock.
    T& unlocked() { return data_; }

private:
    mutable Lock lock_;
    T data_;
};

}  // namespace kern
