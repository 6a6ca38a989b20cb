// Locks that spin. The kernel is not preempted while it runs, so a hart that holds one keeps running until it lets go;
// nobody may sleep with one held. IrqSpinLock also keeps interrupts off: for what an interrupt handler shares.
#pragma once

#include "arch/hart.h"
#include "base/atomic.h"
#include "base/lock_rank.h"
#include "base/panic.h"

namespace kern {

// What every lock of ours does with its rank.
class Ranked {
protected:
    constexpr explicit Ranked(LockRank rank) : rank_(rank) {}
    void note_taken() const {
        if constexpr (DEBUG_BUILD)
            arch::this_hart().held_locks.push(rank_);
    }
    void note_dropped() const {
        if constexpr (DEBUG_BUILD)
            arch::this_hart().held_locks.pop(rank_);
    }

private:
    LockRank rank_;
};

class SpinLock : Ranked {
public:
    constexpr explicit SpinLock(LockRank rank) : Ranked(rank) {}
    void lock() {
        note_taken();
        while (held_.exchange_acquire(1))
            arch::cpu_relax();
    }
    void unlock() {
        held_.store_release(0);
        note_dropped();
    }

private:
    Atomic<uint32_t> held_;
};

class IrqSpinLock : Ranked {
public:
    constexpr explicit IrqSpinLock(LockRank rank) : Ranked(rank) {}
    void lock() {
        bool enabled = arch::disable_interrupts();
        note_taken();
        while (held_.exchange_acquire(1))
            arch::cpu_relax();
        interrupts_were_on_ = enabled;
    }
    void unlock() {
        bool enable = interrupts_were_on_;
        held_.store_release(0);
        note_dropped();
        arch::restore_interrupts(enable);
    }

private:
    Atomic<uint32_t> held_;
    bool interrupts_were_on_ = false;  // the holder's; written and read with the lock held
};

// Many readers or one writer. A waiting writer stops new readers from overtaking it for ever.
//
//     state:   0 free    n readers: n    a writer inside: WRITER    a writer waits: WAITING | ...
class RwSpinLock : Ranked {
public:
    constexpr explicit RwSpinLock(LockRank rank) : Ranked(rank) {}
    void lock_shared() {
        note_taken();
        for (;;) {
            uint32_t state = state_.load();
            if (!(state & (WRITER | WAITING)) && state_.compare_exchange(state, state + 1))
                return;
            arch::cpu_relax();
        }
    }
    void unlock_shared() {
        state_.fetch_sub(1);
        note_dropped();
    }
    void lock() {
        note_taken();
        while (!state_.compare_exchange(0, WRITER) && !state_.compare_exchange(WAITING, WRITER)) {
            state_.fetch_or(WAITING);
            arch::cpu_relax();
        }
    }
    void unlock() {
        state_.fetch_and(~WRITER);
        note_dropped();
    }

private:
    static constexpr uint32_t WRITER = 1u << 31;
    static constexpr uint32_t WAITING = 1u << 30;
    Atomic<uint32_t> state_;
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

}  // namespace kern
