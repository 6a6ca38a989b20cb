// What other tests come to only by chance.
#include "support.h"

using namespace support;

MACHINE_TEST(corners, a_block_of_arguments_changes_at_its_front) {
    ArgBlock block;
    cr_assert(block.front().empty());
    block.pop_front();
    ASSERT_OK(block.push("script"));
    ASSERT_OK(block.push("x"));
    block.pop_front();
    ASSERT_OK(block.push_front("/script"));
    ASSERT_OK(block.push_front("sh"));
    cr_assert(block.count() == 3 && block.front() == "sh");
    cr_assert_eq(memcmp(block.bytes().data(), "sh\0/script\0x", 13), 0);
}

MACHINE_TEST(corners, an_access_to_a_page_that_is_there_only_makes_the_hart_forget) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 1))));
    poke(at(0x100000), 7);
    size_t flushes = arch::host::flush_count();
    cr_assert(space->handle_fault(at(0x100000), Perms::r()) == FaultOutcome::resolved);
    cr_assert_gt(arch::host::flush_count(), flushes);
}

MACHINE_TEST(corners, rights_that_come_back_come_with_a_fault) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 2))));
    poke(at(0x100000), 7);
    ASSERT_OK(space->map(fixed(pages(0x200000, 1), Perms::r())));
    cr_assert_eq(peek(at(0x200000)), 0);
    for (uint64_t page : {0x100000ul, 0x200000ul}) {
        ASSERT_OK(space->protect(pages(page, 1), Perms(Perms::X)));
        ASSERT_OK(space->protect(pages(page, 1), Perms::none()));
        ASSERT_OK(space->protect(pages(page, 1), Perms::rx()));
        cr_assert(peek(at(page)) == (page == 0x100000 ? 7 : 0) && arch::host::can_access(at(page), Perms(Perms::X)));
    }
}

MACHINE_TEST(corners, a_page_of_a_vmo_goes_dirty_or_not) {
    auto vmo = numbered_vmo(2);
    cr_assert(vmo->size() == 2 * PAGE_SIZE);
    vmo->mark_dirty(1);
    cr_assert(vmo->is_clean());  // there is nowhere to write it back to
    vmo->discard(1);
    vmo->discard(99);
    std::byte byte{1};
    cr_assert(*vmo->read(PAGE_SIZE, std::span(&byte, 1)) == 1 && byte == std::byte{0});
    cr_assert_gt(Vmo::dirty_limit(), 0u);
}

MACHINE_TEST(corners, a_write_without_memory_is_cut_short) {
    auto vmo = *Vmo::create(0);
    std::vector<FrameRef> all;
    while (free_frame_count() > 3) all.push_back(*FrameRef::allocate(FrameUse::kernel));
    std::vector<std::byte> bytes(8 * PAGE_SIZE, std::byte{7});
    auto written = vmo->write(0, bytes);
    cr_assert(written && *written > 0 && *written < bytes.size() && vmo->size() == *written);
    ASSERT_FAILS(vmo->write(*written, bytes), ENOMEM);
    cr_assert_eq(vmo->size(), *written);
}

MACHINE_TEST(corners, a_full_space_has_no_place) {
    Space space;
    ASSERT_OK(space->map({.size = USER_SPACE.size() - PAGE_SIZE, .perms = Perms::r(), .placement = Placement::fixed_replace,
                          .at = VMAR_LOWEST_ADDR}));
    ASSERT_FAILS(space->map({.size = 2 * PAGE_SIZE, .perms = Perms::r()}), ENOMEM);
    cr_assert_eq(space->vm_space().root().value % PAGE_SIZE, 0u);
}
