// madvise(2) and the marks of mlock(2), kind by kind.
#include "support.h"

using namespace support;

namespace {

constexpr uint64_t START = 0x100000;

int marks_at(const Space& space, uint64_t address) {
    int marks = -1;
    space->for_each([&](const VmMapping& mapping) {
        if (mapping.range.contains(at(address))) marks = mapping.marks;
    });
    return marks;
}

}  // namespace

MACHINE_TEST(advice, marks_come_and_go_and_split_mappings) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(START, 4))));
    for (auto [set, unset, mark] : {std::tuple(Advice::dont_fork, Advice::do_fork, mark::DONT_FORK),
                                    {Advice::wipe_on_fork, Advice::keep_on_fork, mark::WIPE_ON_FORK},
                                    {Advice::lock, Advice::unlock, mark::LOCKED}}) {
        ASSERT_OK(space->advise(pages(START + PAGE_SIZE, 2), set));
        cr_assert_eq(space->mapping_count(), 3u);
        cr_assert(marks_at(space, START) == 0 && marks_at(space, START + PAGE_SIZE) == mark);
        ASSERT_OK(space->advise(pages(START, 4), Advice::none));
        ASSERT_OK(space->advise(pages(START, 4), unset));
        cr_assert(space->mapping_count() == 1 && marks_at(space, START + PAGE_SIZE) == 0);
    }
}

MACHINE_TEST(advice, pages_are_given_up_unless_they_are_locked) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(START, 4))));
    for (Advice advice : {Advice::dont_need, Advice::free}) {
        poke(at(START), 7);
        ASSERT_OK(space->advise(pages(START, 1), advice));
        cr_assert_eq(peek(at(START)), 0);
    }
    poke(at(START), 7);
    ASSERT_OK(space->advise(pages(START, 1), Advice::lock));
    ASSERT_FAILS(space->advise(pages(START, 1), Advice::dont_need), EINVAL);
    cr_assert_eq(peek(at(START)), 7);
    ASSERT_OK(space->advise(pages(START, 1), Advice::dont_need_locked));
    cr_assert_eq(peek(at(START)), 0);
}

MACHINE_TEST(advice, some_is_for_private_anonymous_memory_alone) {
    Space space;
    MapRequest file = fixed(pages(START, 2));
    file.vmo = numbered_vmo(2);
    ASSERT_OK(space->map(file));
    ASSERT_FAILS(space->advise(pages(START, 1), Advice::free), EINVAL);
    ASSERT_FAILS(space->advise(pages(START, 1), Advice::wipe_on_fork), EINVAL);
    poke(at(START), 9);
    ASSERT_OK(space->advise(pages(START, 1), Advice::dont_need));
    cr_assert_eq(peek(at(START)), 1);  // the file's byte again
}

MACHINE_TEST(advice, goes_on_behind_a_hole_locks_do_not) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(START, 1))));
    ASSERT_OK(space->map(fixed(pages(START + 2 * PAGE_SIZE, 1))));
    poke(at(START + 2 * PAGE_SIZE), 7);
    ASSERT_FAILS(space->advise(pages(START, 3), Advice::dont_need), ENOMEM);
    cr_assert_eq(peek(at(START + 2 * PAGE_SIZE)), 0);
    ASSERT_FAILS(space->advise(pages(START, 3), Advice::lock), ENOMEM);
    cr_assert(marks_at(space, START) == mark::LOCKED && marks_at(space, START + 2 * PAGE_SIZE) == 0);
}
