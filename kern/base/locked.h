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
//     state:   0 free    n readers: n    a writer inside: WRITER    a writer waits: WAITING | ...
class RwSpinLock : Ranked {
public:
    constexpr explicit RwSpinLock(LockRank rank) : Ranked(rank) {}
    void lock_shared() {
        note_taken();
        for (;;) {
            uint32_t state = state_.load();
            if (!(state & (WRITER | WAITING)) && state_.compare_exchange(state, state + 1)) return;
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

// Data that can only be reached through its lock:
//
//     Locked<Counters, SpinLock> counters_{LockRank::vmo};
//     auto counters = counters_.lock();       // held until `counters` goes out of scope
//     counters->pages++;
template <typename T, typename Lock = SpinLock>
class Locked {
public:
    template <typename... Args>
    constexpr explicit Locked(LockRank rank, Args&&... args) : lock_(rank), data_(std::forward<Args>(args)...) {}

    class [[nodiscard]] Guard {
    public:
        explicit Guard(Locked& owner) : owner_(&owner) { owner.lock_.lock(); }
        Guard(Guard&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard() { unlock(); }
        T* operator->() const { return &owner_->data_; }
        T& operator*() const { return owner_->data_; }
        // Lets go early; the guard must not be used afterwards.
        void unlock() {
            if (owner_)
                std::exchange(owner_, nullptr)->lock_.unlock();
        }

    private:
        Locked* owner_;
    };

    class [[nodiscard]] ReadGuard {
    public:
        explicit ReadGuard(const Locked& owner) : owner_(owner) { owner.lock_.lock_shared(); }
        ReadGuard(const ReadGuard&) = delete;
        ReadGuard& operator=(const ReadGuard&) = delete;
        ~ReadGuard() { owner_.lock_.unlock_shared(); }
        const T* operator->() const { return &owner_.data_; }
        const T& operator*() const { return owner_.data_; }

    private:
        const Locked& owner_;
    };

    Guard lock() { return Guard(*this); }             // exclusive
    ReadGuard read() const { return ReadGuard(*this); }  // shared; RwSpinLock only

    // For a debugger, a panic report, or an object nobody else can see (its destructor): without the lock.
    T& unlocked() { return data_; }

private:
    mutable Lock lock_;
    T data_;
};

}  // namespace kern
