// mremap(2): in place, elsewhere, and a second time.
#include "support.h"

using namespace support;

namespace {

constexpr uint64_t START = 0x100000;

RemapRequest resize(uint64_t first, uint64_t old_pages, uint64_t new_pages, bool may_move = false) {
    return {.old_range = pages(first, old_pages), .new_size = new_pages * PAGE_SIZE, .may_move = may_move};
}

}  // namespace

MACHINE_TEST(remap, shrinks_and_grows_in_place) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(START, 4))));
    for (uint64_t i = 0; i < 4; i++) poke(at(START + i * PAGE_SIZE), 7);
    cr_assert_eq(*space->remap(resize(START, 4, 2)), at(START));
    ASSERT_MAPPINGS(space, "100000-102000 rw-");
    cr_assert_eq(*space->remap(resize(START, 2, 4)), at(START));
    ASSERT_MAPPINGS(space, "100000-104000 rw-");
    cr_assert(peek(at(START + PAGE_SIZE)) == 7 && peek(at(START + 2 * PAGE_SIZE)) == 0);
    ASSERT_OK(space->map(fixed(pages(START + 6 * PAGE_SIZE, 1))));
    ASSERT_OK(space->remap(resize(START, 4, 6)));  // and meets its like
    ASSERT_MAPPINGS(space, "100000-107000 rw-");
}

MACHINE_TEST(remap, what_is_in_the_way_is_refused_or_evaded) {
    Space space({.address_space = 64 * PAGE_SIZE});
    ASSERT_OK(space->map(fixed(pages(START, 2))));
    ASSERT_OK(space->map(fixed(pages(START + 2 * PAGE_SIZE, 1), Perms::r())));
    poke(at(START + PAGE_SIZE), 7);
    ASSERT_FAILS(space->remap(resize(START, 2, 3)), ENOMEM);
    ASSERT_FAILS(space->remap(resize(START, 2, 1000, true)), ENOMEM);  // RLIMIT_AS
    ASSERT_FAILS(space->remap(resize(START, 3, 4, true)), EFAULT);     // two mappings
    ASSERT_FAILS(space->remap(resize(START + 9 * PAGE_SIZE, 1, 2, true)), EFAULT);
    ASSERT_FAILS(space->remap({.old_range = pages(START, 1), .new_size = USER_SPACE.size() + PAGE_SIZE}), ENOMEM);
    ASSERT_MAPPINGS(space, "100000-102000 rw- 102000-103000 r--");
    auto moved = space->remap(resize(START, 2, 3, true));
    cr_assert(moved && *moved != at(START) && peek(*moved + PAGE_SIZE) == 7 && peek(at(START)) == -1);
}

MACHINE_TEST(remap, goes_where_it_is_told) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(START, 2))));
    poke(at(START), 7);
    RemapRequest told = resize(START, 2, 2, true);
    told.fixed = at(START + PAGE_SIZE);
    ASSERT_FAILS(space->remap(told), EINVAL);  // onto itself
    told.fixed = VMAR_CAP_ADDR;
    ASSERT_FAILS(space->remap(told), EINVAL);
    ASSERT_OK(space->map(fixed(pages(0x40000000, 1), Perms::r())));
    told.fixed = at(0x40000000);
    cr_assert_eq(*space->remap(told), at(0x40000000));
    ASSERT_MAPPINGS(space, "40000000-40002000 rw-");
    cr_assert_eq(peek(at(0x40000000)), 7);
    RemapRequest kept = resize(0x40000000, 2, 2, true);
    kept.dont_unmap = true;
    VirtAddr second = *space->remap(kept);
    cr_assert(peek(second) == 7 && peek(at(0x40000000)) == 0);
}

MACHINE_TEST(remap, shared_pages_are_seen_at_a_second_place) {
    Space space;
    MapRequest request = fixed(pages(START, 2));
    request.vmo = numbered_vmo(2);
    request.sharing = Sharing::shared;
    ASSERT_OK(space->map(request));
    RemapRequest again{.old_range = pages(START, 0), .new_size = 2 * PAGE_SIZE};
    ASSERT_FAILS(space->remap(again), ENOMEM);
    again.may_move = true;
    VirtAddr second = *space->remap(again);
    poke(second + PAGE_SIZE, 9);
    cr_assert_eq(peek(at(START + PAGE_SIZE)), 9);
    ASSERT_OK(space->map(fixed(pages(0x200000, 1))));
    again.old_range = pages(0x200000, 0);
    ASSERT_FAILS(space->remap(again), EINVAL);  // private
}
