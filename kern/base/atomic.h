// A thin atomic over the compiler's builtins. libstdc++'s <atomic> would do the same, but costs a second of
// compile time a file. Only 32- and 64-bit types: smaller ones call out of line on RISC-V.
#pragma once

template <typename T>
    requires(sizeof(T) == 4 || sizeof(T) == 8)
class Atomic {
public:
    constexpr Atomic() = default;
    constexpr explicit Atomic(T value) : value_(value) {}
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    // Plain names are relaxed; acquire pairs with release.
    T load() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
    T load_acquire() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
    void store(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
    void store_release(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
    T exchange_acquire(T value) { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQUIRE); }
    T fetch_add(T value) { return __atomic_fetch_add(&value_, value, __ATOMIC_ACQ_REL); }
    T fetch_sub(T value) { return __atomic_fetch_sub(&value_, value, __ATOMIC_ACQ_REL); }
    T fetch_or(T value) { return __atomic_fetch_or(&value_, value, __ATOMIC_ACQ_REL); }
    T fetch_and(T value) { return __atomic_fetch_and(&value_, value, __ATOMIC_ACQ_REL); }
    // Stores `desired` if the value is `expected`, and says whether it did. Acquire on success.
    bool compare_exchange(T expected, T desired) {
        return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    }

private:
    T value_{};
};
