// Lab 1: where mappings go. The simplest cases first.
#include "support.h"

using namespace support;

MACHINE_TEST(vmar, map_at_a_fixed_place) {
    Space space;
    cr_assert_eq(space->map(fixed(pages(0x100000, 4)))->value, 0x100000u);
    ASSERT_MAPPINGS(space, "100000-104000 rw-");
    cr_assert_eq(space->total_bytes(), 4 * PAGE_SIZE);

    ASSERT_FAILS(space->map(fixed(pages(0x103000, 1))), EEXIST);
    ASSERT_FAILS(space->map(fixed(pages(0xf000, 1))), EPERM);
    ASSERT_FAILS(space->map(fixed(pages(VMAR_CAP_ADDR.value, 1))), ENOMEM);
    ASSERT_FAILS(space->map(fixed(pages(VMAR_CAP_ADDR.value - PAGE_SIZE, 2))), ENOMEM);
    ASSERT_FAILS(space->map(fixed({at(0x200000), at(0x200000)})), EINVAL);
    ASSERT_FAILS(space->map({.size = uint64_t{1} << 60}), ENOMEM);
    ASSERT_MAPPINGS(space, "100000-104000 rw-");
}

MACHINE_TEST(vmar, map_at_the_two_ends) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(VMAR_LOWEST_ADDR.value, 1))));
    ASSERT_OK(space->map(fixed(pages(VMAR_CAP_ADDR.value - PAGE_SIZE, 1))));
    cr_assert(poke(VMAR_LOWEST_ADDR, 1));
    cr_assert(poke(VMAR_CAP_ADDR - 1, 1));
    cr_assert(!poke(VMAR_CAP_ADDR, 1));
}

MACHINE_TEST(vmar, search_takes_the_highest_gap_that_fits) {
    Space space;
    VirtAddr base = space->process_vm().layout().mmap_base;
    auto any = [&](size_t count) { return space->map({.size = count * PAGE_SIZE, .perms = Perms::rw()})->value; };
    cr_assert_eq(any(4), base.value - 4 * PAGE_SIZE);
    cr_assert_eq(any(2), base.value - 6 * PAGE_SIZE);
    ASSERT_OK(space->unmap({base - 3 * PAGE_SIZE, base - 2 * PAGE_SIZE}));
    ASSERT_OK(space->unmap({base - 6 * PAGE_SIZE, base - 4 * PAGE_SIZE}));
    cr_assert_eq(any(2), base.value - 6 * PAGE_SIZE);  // the hole of one page above is too small
    cr_assert_eq(any(1), base.value - 3 * PAGE_SIZE);
    cr_assert_eq(any(3), base.value - 9 * PAGE_SIZE);
    auto aligned = space->map({.size = PAGE_SIZE, .perms = Perms::rw(), .alignment = 1 << 21});
    cr_assert_eq(aligned->value % (1 << 21), 0u);
    cr_assert_gt(aligned->value, base.value - (4 << 20));
}

MACHINE_TEST(vmar, hint_is_taken_when_free_else_searched) {
    Space space;
    auto hint = [&](uint64_t where, size_t count) {
        return space->map({.size = count * PAGE_SIZE, .perms = Perms::r(), .placement = Placement::hint, .at = at(where)})->value;
    };
    cr_assert_eq(hint(0x400000, 2), 0x400000u);
    uint64_t base = space->process_vm().layout().mmap_base.value;
    cr_assert_eq(hint(0x3ff000, 2), base - 2 * PAGE_SIZE);  // its second page is taken
    cr_assert_eq(hint(0x1000, 1), base - 3 * PAGE_SIZE);    // below the lowest address
    cr_assert_eq(hint(VMAR_CAP_ADDR.value, 1), base - 4 * PAGE_SIZE);
    cr_assert_eq(hint(UINT64_MAX - PAGE_SIZE + 1, 1), base - 5 * PAGE_SIZE);
}

MACHINE_TEST(vmar, fixed_replace_drops_what_is_there) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 6))));
    for (int i = 0; i < 6; i++)
        poke(at(0x100000 + i * PAGE_SIZE), 7);
    MapRequest replace = fixed(pages(0x102000, 2), Perms::r());
    replace.placement = Placement::fixed_replace;
    ASSERT_OK(space->map(replace));
    ASSERT_MAPPINGS(space, "100000-102000 rw- 102000-104000 r-- 104000-106000 rw-");
    cr_assert_eq(peek(at(0x102000)), 0);
    cr_assert_eq(peek(at(0x104000)), 7);
    cr_assert_eq(space->total_bytes(), 6 * PAGE_SIZE);
    ASSERT_OK(space->unmap(pages(0x100000, 6)));
    cr_assert_eq(space->resident_pages().total(), 0u);
}

MACHINE_TEST(vmar, limits_are_kept) {
    Space space({.address_space = 8 * PAGE_SIZE});
    ASSERT_OK(space->map(fixed(pages(0x100000, 8))));
    ASSERT_FAILS(space->map(fixed(pages(0x200000, 1))), ENOMEM);
    MapRequest replace = fixed(pages(0x104000, 4), Perms::r());
    replace.placement = Placement::fixed_replace;
    ASSERT_OK(space->map(replace));  // no byte more than before
    ASSERT_OK(space->unmap(pages(0x100000, 1)));
    ASSERT_OK(space->map(fixed(pages(0x200000, 1))));
}
