// What may be done with a page: any mix of read, write and execute.
#pragma once

#include <cstdint>

namespace kern {

class Perms {
public:
    enum Bit : uint8_t { R = 1, W = 2, X = 4 };  // the values of PROT_READ, PROT_WRITE, PROT_EXEC: see mmap(2)

    constexpr Perms() = default;
    constexpr explicit Perms(unsigned bits) : bits_(static_cast<uint8_t>(bits)) {}

    static constexpr Perms none() { return Perms(0); }
    static constexpr Perms all() { return Perms(R | W | X); }
    static constexpr Perms r() { return Perms(R); }
    static constexpr Perms rw() { return Perms(R | W); }
    static constexpr Perms rx() { return Perms(R | X); }

    constexpr bool has(Bit bit) const { return (bits_ & bit) != 0; }
    constexpr bool contains(Perms other) const { return (bits_ & other.bits_) == other.bits_; }
    constexpr Perms with(Bit bit) const { return Perms(bits_ | unsigned{bit}); }
    constexpr Perms without(Bit bit) const { return Perms(bits_ & ~unsigned{bit}); }
    // These rights as long as a write must fault first. Write implies read on RISC-V, so read stays.
    constexpr Perms write_protected() const { return has(W) ? without(W).with(R) : *this; }
    constexpr unsigned bits() const { return bits_; }
    constexpr bool operator==(const Perms&) const = default;

private:
    uint8_t bits_ = 0;
};

}  // namespace kern
