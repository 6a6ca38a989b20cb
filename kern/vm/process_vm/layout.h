// Where things lie in a process's address space (Sv39, user half). Every pad is random, drawn anew by each exec, or zero
// under `norandmaps` and personality(ADDR_NO_RANDOMIZE).
//
//     (high address)
//     +------------------------+  VMAR_CAP_ADDR: the top page of the user half is never used
//     |  7 pages + random pad  |
//     +------------------------+  stack_top
//     |       user stack       |  grows down, by faults, to RLIMIT_STACK
//     |           |            |
//     |           v            |
//     |                        |  STACK_GUARD_GAP stays free below the stack
//     +------------------------+  mmap_base: searches for a free place begin here and go down
//     |      mmap spaces       |
//     |           |            |
//     |           v            |
//     |           ^            |
//     |           |            |
//     |       user heap        |  up to the program break
//     +------------------------+  start_brk
//     |       random pad       |
//     +------------------------+
//     |    loaded segments     |
//     +------------------------+  VMAR_LOWEST_ADDR: the 64 KiB below are never mapped
//     (low address)
#pragma once

inline constexpr VirtAddr VMAR_LOWEST_ADDR{0x1'0000};
inline constexpr VirtAddr VMAR_CAP_ADDR{USER_HALF_END - PAGE_SIZE};
inline constexpr VirtRange USER_SPACE{VMAR_LOWEST_ADDR, VMAR_CAP_ADDR};
inline constexpr size_t INIT_STACK_SIZE = 8 << 20;          // default RLIMIT_STACK, bytes
inline constexpr size_t STACK_GUARD_GAP = 256 * PAGE_SIZE;  // bytes
inline constexpr uint64_t NO_LIMIT = UINT64_MAX;            // RLIM_INFINITY

// The resource limits that bind an address space: see getrlimit(2). Bytes.
struct VmLimits {
    uint64_t address_space = NO_LIMIT;  // RLIMIT_AS
    uint64_t data = NO_LIMIT;           // RLIMIT_DATA
    uint64_t stack = INIT_STACK_SIZE;   // RLIMIT_STACK
};

enum class Randomize { yes, no };

struct Layout {
    VirtAddr stack_top;
    VirtAddr mmap_base;
    VirtAddr dynamic_base;  // where an ET_DYN program is loaded
    uint64_t brk_pad = 0;   // bytes between the program's last page and start_brk

    // `stack_limit`: RLIMIT_STACK at exec; room for it stays free above mmap_base (at least 128 MiB of it, so that a
    // program may raise its limit later, at most 5/6 of the user half).
    static Layout choose(uint64_t stack_limit, Randomize randomize);
};
