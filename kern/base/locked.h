// Data that can only be reached through its lock:
//
//     Locked<Counters, SpinLock> counters_{LockRank::vmo};
//     auto counters = counters_.lock();       // held until `counters` goes out of scope
//     counters->pages++;
#pragma once

#include <utility>

#include "base/spinlock.h"

namespace kern {

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
