// Addresses and ranges. A virtual and a physical address are different types: mixing them up does not compile.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace kern {

inline constexpr size_t PAGE_SHIFT = 12;
inline constexpr size_t PAGE_SIZE = size_t{1} << PAGE_SHIFT;

// `alignment` is a power of two. align_up wraps round to 0 for values in the last, partial unit of the type.
constexpr uint64_t align_down(uint64_t value, uint64_t alignment) { return value & ~(alignment - 1); }
constexpr uint64_t align_up(uint64_t value, uint64_t alignment) { return align_down(value + alignment - 1, alignment); }
constexpr bool is_aligned(uint64_t value, uint64_t alignment) { return (value & (alignment - 1)) == 0; }

template <typename Kind>
struct Address {
    uint64_t value = 0;

    constexpr Address() = default;
    constexpr explicit Address(uint64_t v) : value(v) {}

    constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(uint64_t bytes) const { return Address(value + bytes); }
    constexpr Address operator-(uint64_t bytes) const { return Address(value - bytes); }
    constexpr uint64_t operator-(Address other) const { return value - other.value; }
    constexpr Address& operator+=(uint64_t bytes) { value += bytes; return *this; }

    constexpr Address page_down() const { return Address(align_down(value, PAGE_SIZE)); }
    constexpr Address page_up() const { return Address(align_up(value, PAGE_SIZE)); }
    constexpr bool is_page_aligned() const { return is_aligned(value, PAGE_SIZE); }
    constexpr uint64_t page_offset() const { return value & (PAGE_SIZE - 1); }
    constexpr uint64_t page_number() const { return value >> PAGE_SHIFT; }
};

using VirtAddr = Address<struct VirtualKind>;
using PhysAddr = Address<struct PhysicalKind>;

// [start, end): the end is the first address outside. An empty range has start == end.
struct VirtRange {
    VirtAddr start;
    VirtAddr end;

    static constexpr VirtRange sized(VirtAddr start, uint64_t size) { return {start, start + size}; }

    constexpr uint64_t size() const { return end - start; }
    constexpr uint64_t pages() const { return size() >> PAGE_SHIFT; }
    constexpr bool empty() const { return start >= end; }
    constexpr bool contains(VirtAddr address) const { return start <= address && address < end; }
    // False for an `other` that wraps round the end of the address space.
    constexpr bool contains(VirtRange other) const {
        return start <= other.start && other.start <= other.end && other.end <= end;
    }
    constexpr bool overlaps(VirtRange other) const { return start < other.end && other.start < end; }
    constexpr bool operator==(const VirtRange&) const = default;

    constexpr VirtRange intersection(VirtRange other) const {
        VirtAddr low = start > other.start ? start : other.start;
        VirtAddr high = end < other.end ? end : other.end;
        return {low, high < low ? low : high};
    }
};

}  // namespace kern
