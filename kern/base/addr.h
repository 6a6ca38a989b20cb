// Addresses, ranges, and what may be done with them. A virtual and a physical address are different types: mixing them up
// does not compile.
#pragma once

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
        VirtAddr low = std::max(start, other.start);
        return {low, std::max(low, std::min(end, other.end))};
    }
};

// What may be done with a page: any mix of read, write and execute.
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
    constexpr Perms without(Bit bit) const { return Perms(bits_ & ~unsigned{bit}); }
    // These rights as long as a write must fault first. Write implies read on RISC-V, so read stays.
    constexpr Perms write_protected() const { return has(W) ? Perms((bits_ & ~unsigned{W}) | R) : *this; }
    constexpr unsigned bits() const { return bits_; }
    constexpr std::string_view text() const { return std::string_view("---r---w-rw---xr-x-wxrwx").substr(3 * bits_, 3); }
    constexpr bool operator==(const Perms&) const = default;

private:
    uint8_t bits_ = 0;
};
