// Locks that spin. The kernel is not preempted while it runs, so a hart that holds one keeps running until it lets go;
// nobody may sleep with one held. IrqSpinLock also keeps interrupts off: for what an interrupt handler shares.
// Mostly they are not used alone, but in Locked, below.
#pragma once

// To be said by whoever may sleep, also when it does not come to that: no spinning lock is held here.
inline void may_sleep() { DEBUG_ASSERT(!arch::this_hart().held_locks); }

// What all locks here have in common: a rank, a watchdog, and in debug builds a bit for each hart that holds the lock.
class RankedLock {
protected:
    constexpr explicit RankedLock(LockRank rank) : rank_(rank) {}

    // Tries until it works. To wait for seconds is a deadlock, whose cause is reported by panic().
    void take(auto attempt) {
        if (DEBUG_BUILD && arch::this_hart().held_locks >= rank_bit(rank_)) [[unlikely]]
            report_wrong_order();
        if (!attempt()) wait_until(attempt);
        note_taken();
    }
    void note_taken() {
        if constexpr (!DEBUG_BUILD) return;
        arch::this_hart().held_locks |= rank_bit(rank_);
        holders_.fetch_or(1u << arch::this_hart().index);
    }
    void note_dropped() {
        if constexpr (!DEBUG_BUILD) return;
        holders_.fetch_and(~(1u << arch::this_hart().index));
        arch::this_hart().held_locks &= ~rank_bit(rank_);
    }

private:
    void report_wrong_order() const;
    struct Wait { uint64_t last_look = 0, ns = 0; };
    void wait_turn(Wait& wait) const;
    // A function of its own: kern/gdb sees a wait begin and end there, and nothing of the many that do not wait.
    [[gnu::noinline]] void wait_until(auto attempt) {
        for (Wait wait; !attempt();) wait_turn(wait);
    }

    LockRank rank_;
    Atomic<uint32_t> holders_;
};

// How long a lock may be waited for, in ns. (Variable for the test of just this.)
extern uint64_t lock_patience_ns;

template <bool KEEPS_INTERRUPTS_OFF>
class BasicSpinLock : RankedLock {
public:
    constexpr explicit BasicSpinLock(LockRank rank) : RankedLock(rank) {}
    void lock() {
        bool were_on = KEEPS_INTERRUPTS_OFF && arch::disable_interrupts();
        take([this] { return !held_.exchange_acquire(1); });
        if constexpr (KEEPS_INTERRUPTS_OFF) interrupts_were_on_ = were_on;
    }
    // False: someone has it.
    bool try_lock() requires(!KEEPS_INTERRUPTS_OFF) {
        bool taken = !held_.exchange_acquire(1);
        if (taken) note_taken();  // without waiting, and so in any order
        return taken;
    }
    void unlock() {
        bool were_on = interrupts_were_on_;
        note_dropped();
        held_.store_release(0);
        if constexpr (KEEPS_INTERRUPTS_OFF) arch::restore_interrupts(were_on);
    }

private:
    Atomic<uint32_t> held_;
    bool interrupts_were_on_ = false;  // the holder's; written and read with the lock held
};

using SpinLock = BasicSpinLock<false>;
using IrqSpinLock = BasicSpinLock<true>;

// Many readers or one writer, in the order in which they come, so that none of them waits for ever. Each draws a number:
//
//     number      4        5        6        7        readers_turn_   the next reader that may go in
//               reader   reader   WRITER   reader     writers_turn_   the next writer; all before it have left
//
// A reader lets the next one in behind it, and lets a writer pass when it leaves; a writer does both when it leaves.
class RwSpinLock : RankedLock {
public:
    constexpr explicit RwSpinLock(LockRank rank) : RankedLock(rank) {}
    void lock_shared() {
        uint32_t mine = next_number_.fetch_add(1);
        take([this, mine] { return readers_turn_.load_acquire() == mine; });
        readers_turn_.store_release(mine + 1);
    }
    void unlock_shared() {
        note_dropped();
        writers_turn_.fetch_add(1);
    }
    void lock() {
        uint32_t mine = next_number_.fetch_add(1);
        take([this, mine] { return writers_turn_.load_acquire() == mine; });
    }
    void unlock() {
        note_dropped();
        readers_turn_.fetch_add(1);
        writers_turn_.fetch_add(1);
    }

private:
    Atomic<uint32_t> next_number_, readers_turn_, writers_turn_;
};

// Holds a lock from its making to its end.
template <typename Lock>
class [[nodiscard]] LockGuard {
public:
    explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
    ~LockGuard() { lock_.unlock(); }
    LockGuard(const LockGuard&) = delete;

private:
    Lock& lock_;
};

// Data, as long as its lock is held: to the end of the scope, or to unlock(), after which it must not be used.
template <typename T, typename Lock, auto release>
class [[nodiscard]] Held {
public:
    Held(T& data, Lock* lock) : data_(data), lock_(lock) {}
    Held(Held&& other) noexcept : data_(other.data_), lock_(std::exchange(other.lock_, nullptr)) {}
    ~Held() { unlock(); }
    T* operator->() const { return &data_; }
    T& operator*() const { return data_; }
    explicit operator bool() const { return lock_; }  // false: try_lock() did not get it
    void unlock() {
        if (lock_) (std::exchange(lock_, nullptr)->*release)();
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
