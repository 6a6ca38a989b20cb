#include "vm/process_vm/layout.h"

constexpr uint64_t STACK_FIXED_PAD = 7 * PAGE_SIZE;
constexpr unsigned STACK_RANDOM_BITS = 13;  // pages
constexpr unsigned MMAP_RANDOM_BITS = 18;
constexpr unsigned BRK_RANDOM_BITS = 13;
constexpr unsigned DYNAMIC_RANDOM_BITS = 18;
constexpr uint64_t MIN_STACK_ROOM = 128 << 20;
constexpr uint64_t MAX_STACK_ROOM = VMAR_CAP_ADDR.value / 6 * 5;

Layout Layout::choose(uint64_t stack_limit, Randomize randomize) {
    uint64_t stack_room = align_up(std::clamp(stack_limit, MIN_STACK_ROOM, MAX_STACK_ROOM), PAGE_SIZE) + STACK_GUARD_GAP;
    auto pad = [&](unsigned bits) {
        return randomize == Randomize::yes ? (random_u64() & ((uint64_t{1} << bits) - 1)) << PAGE_SHIFT : 0;
    };
    Layout layout;
    layout.stack_top = VMAR_CAP_ADDR - STACK_FIXED_PAD - pad(STACK_RANDOM_BITS);
    layout.dynamic_base = VirtAddr(align_down(VMAR_CAP_ADDR.value / 3 * 2, PAGE_SIZE)) + pad(DYNAMIC_RANDOM_BITS);
    layout.brk_pad = pad(BRK_RANDOM_BITS);
    layout.mmap_base = layout.stack_top - stack_room - pad(MMAP_RANDOM_BITS);
    return layout;
}
