// Sv39: how a RISC-V hart turns a 39-bit virtual address into a physical one (privileged spec, section 4.4).
//
//      38      30 29      21 20      12 11           0
//     +----------+----------+----------+--------------+
//     |  VPN[2]  |  VPN[1]  |  VPN[0]  |    offset    |      virtual address
//     +----+-----+----+-----+----+-----+--------------+
//          |          |          |
//     root[VPN2] -> table[VPN1] -> table[VPN0] -> frame       each table is one frame of 512 entries
//
//      63    54 53                    10 9   8 7 6 5 4 3 2 1 0
//     +--------+------------------------+-----+-+-+-+-+-+-+-+-+
//     |reserved|  physical page number  | RSW |D|A|G|U|X|W|R|V|      entry; R=W=X=0 points to the next table
//     +--------+------------------------+-----+-+-+-+-+-+-+-+-+
//
// Also compiled for the host: the format is data, not an instruction.
#pragma once

inline constexpr size_t PTES_PER_TABLE = 512;
inline constexpr int PAGE_TABLE_LEVELS = 3;
inline constexpr uint64_t USER_HALF_END = uint64_t{1} << 38;  // first address that is not a user's

// The nine bits of `address` that index the table of `level` (2 = root, 0 = leaves).
constexpr size_t table_index(VirtAddr address, int level) {
    return (address.value >> (PAGE_SHIFT + 9 * level)) & (PTES_PER_TABLE - 1);
}
// Bytes that one entry of a table of `level` covers.
constexpr uint64_t entry_span(int level) { return uint64_t{1} << (PAGE_SHIFT + 9 * level); }

struct Pte {
    enum Bit : uint64_t { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };

    uint64_t bits = 0;

    // An entry that points to the table in `frame`.
    static constexpr Pte table(PhysAddr frame) { return {(frame.value >> 2) | V}; }
    // A user page. Perms with W imply R: the encoding W without R is reserved. Perms of none give an entry that keeps
    // its frame but is not valid: mprotect(PROT_NONE) must not lose the page. A (and D for a writable page) are set from
    // the start, so that hardware which does not set them itself works too.
    static constexpr Pte user_page(PhysAddr frame, Perms perms) {
        uint64_t bits = (frame.value >> 2) | U;
        if (perms.has(Perms::W)) bits |= R | W | D;
        if (perms.has(Perms::R)) bits |= R;
        if (perms.has(Perms::X)) bits |= X;
        return {perms == Perms::none() ? bits : bits | V | A};
    }

    constexpr bool is_empty() const { return bits == 0; }
    constexpr bool is_valid() const { return bits & V; }
    constexpr bool has(Bit bit) const { return bits & bit; }
    constexpr PhysAddr frame() const { return PhysAddr((bits << 2) & (((uint64_t{1} << 56) - 1) & ~(PAGE_SIZE - 1))); }
    constexpr Pte without(Bit bit) const { return {bits & ~uint64_t{bit}}; }
    // Whether the hardware would allow a user's access of this kind.
    constexpr bool permits(Perms access) const {
        return is_valid() && has(U) && (!access.has(Perms::R) || has(R)) && (!access.has(Perms::W) || has(W)) &&
               (!access.has(Perms::X) || has(X));
    }
};

static_assert(sizeof(Pte) == 8);
