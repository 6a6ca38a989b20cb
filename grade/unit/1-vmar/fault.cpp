// Lab 1: page faults.
#include "support.h"

using namespace support;

static FaultOutcome fault(Space& space, uint64_t address, Perms access) { return space->handle_fault(at(address), access); }

MACHINE_TEST(vmar, fault_refuses_what_is_not_allowed) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 1), Perms::r())));
    ASSERT_OK(space->map(fixed(pages(0x101000, 1), Perms::none())));
    ASSERT_OK(space->map(fixed(pages(0x102000, 1), Perms(Perms::X))));
    cr_assert(fault(space, 0x100fff, Perms::r()) == FaultOutcome::resolved);
    cr_assert(fault(space, 0x100fff, Perms(Perms::W)) == FaultOutcome::no_access);
    cr_assert(fault(space, 0x100fff, Perms(Perms::X)) == FaultOutcome::no_access);
    cr_assert(fault(space, 0x101000, Perms::r()) == FaultOutcome::no_access);
    cr_assert(fault(space, 0x102000, Perms(Perms::X)) == FaultOutcome::resolved);
    cr_assert(fault(space, 0x102000, Perms::r()) == FaultOutcome::no_access);
    cr_assert(fault(space, 0x103000, Perms::r()) == FaultOutcome::not_mapped);
    cr_assert(fault(space, 0xfffff, Perms::r()) == FaultOutcome::not_mapped);
    cr_assert(fault(space, UINT64_MAX, Perms::r()) == FaultOutcome::not_mapped);
}

MACHINE_TEST(vmar, anonymous_pages_are_zero_then_ones_own) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 4))));
    size_t frames = free_frame_count();
    cr_assert_eq(peek(at(0x100123)), 0);
    cr_assert_eq(peek(at(0x101123)), 0);
    cr_assert_eq(space->resident_pages().anon, 0u);  // both read the one zero page
    cr_assert_eq(free_frame_count(), frames - 2);    // two tables
    cr_assert(poke(at(0x100123), 9));
    cr_assert_eq(peek(at(0x100123)), 9);
    cr_assert_eq(peek(at(0x101123)), 0);
    cr_assert(poke(at(0x102000), 1));
    cr_assert_eq(peek(at(0x102001)), 0);
    cr_assert_eq(space->resident_pages().anon, 2u);
}

MACHINE_TEST(vmar, file_pages_private_and_shared) {
    Space space;
    auto vmo = numbered_vmo(3);
    MapRequest request = fixed(pages(0x100000, 4));
    request.vmo = vmo;
    ASSERT_OK(space->map(request));
    request.at = at(0x200000), request.sharing = Sharing::shared;
    ASSERT_OK(space->map(request));
    cr_assert_eq(peek(at(0x100000)), 1);
    cr_assert(poke(at(0x100000), 50));
    cr_assert_eq(peek(at(0x200000)), 1);   // a private write stays private
    cr_assert(poke(at(0x201000), 60));
    cr_assert_eq(peek(at(0x101000)), 60);  // a shared one is seen wherever the page was not copied
    cr_assert(poke(at(0x101001), 61));
    cr_assert_eq(peek(at(0x101000)), 60);
    cr_assert_eq(peek(at(0x201001)), 2);
    std::byte byte;
    cr_assert_eq(*vmo->read(PAGE_SIZE, {&byte, 1}), 1u);
    cr_assert_eq(static_cast<int>(byte), 60);
    cr_assert(space->handle_fault(at(0x103000), Perms::r()) == FaultOutcome::past_end);
    cr_assert(space->handle_fault(at(0x203000), Perms(Perms::W)) == FaultOutcome::past_end);
    cr_assert_eq(space->resident_pages().anon, 2u);
}

MACHINE_TEST(vmar, no_memory_is_an_outcome_not_a_panic) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 8192))));
    size_t touched = 0;
    while (poke(at(0x100000 + touched * PAGE_SIZE), 1))
        touched++;
    cr_assert_gt(touched, 3000u);
    cr_assert(space->handle_fault(at(0x100000 + touched * PAGE_SIZE), Perms(Perms::W)) == FaultOutcome::out_of_memory);
    ASSERT_OK(space->unmap(pages(0x100000, 1)));
    cr_assert(poke(at(0x101000), 2));
}
