// fork(2): two spaces, one set of frames, no write of one seen by the other.
#include "support.h"

using namespace support;

MACHINE_TEST(fork, private_pages_are_copied_on_write) {
    Space parent;
    ASSERT_OK(parent->map(fixed(pages(0x100000, 3))));
    for (int i = 0; i < 2; i++)
        poke(at(0x100000 + i * PAGE_SIZE), 10);
    Space child(*parent->fork());
    cr_assert_eq(child->total_bytes(), 3 * PAGE_SIZE);
    cr_assert_eq(child->resident_pages().anon, 2u);

    cr_assert(poke(at(0x100000), 20));  // the parent writes
    child.run();
    cr_assert_eq(peek(at(0x100000)), 10);
    size_t frames = free_frame_count();
    cr_assert(poke(at(0x100000), 30));  // the child is now the sole owner: no copy
    cr_assert_eq(free_frame_count(), frames);
    cr_assert(poke(at(0x101000), 31));  // shared: a copy
    cr_assert_eq(free_frame_count(), frames - 1);
    parent.run();
    cr_assert_eq(peek(at(0x100000)), 20);
    cr_assert_eq(peek(at(0x101000)), 10);
    child.run();
    cr_assert_eq(peek(at(0x101000)), 31);
}

MACHINE_TEST(fork, protect_afterwards_keeps_the_two_apart) {
    Space parent;
    ASSERT_OK(parent->map(fixed(pages(0x100000, 1))));
    poke(at(0x100000), 1);
    Space child(*parent->fork());
    ASSERT_OK(parent->protect(pages(0x100000, 1), Perms::all()));
    cr_assert(poke(at(0x100000), 2));
    child.run();
    cr_assert_eq(peek(at(0x100000)), 1);
}

MACHINE_TEST(fork, shared_memory_stays_shared) {
    Space parent;
    MapRequest request = fixed(pages(0x100000, 2));
    request.vmo = *Vmo::create(2 * PAGE_SIZE);
    request.sharing = Sharing::shared;
    ASSERT_OK(parent->map(request));
    poke(at(0x100000), 1);
    Space child(*parent->fork());
    child.run();
    cr_assert_eq(peek(at(0x100000)), 1);
    cr_assert(poke(at(0x100000), 2));
    cr_assert(poke(at(0x101000), 3));
    parent.run();
    cr_assert_eq(peek(at(0x100000)), 2);
    cr_assert_eq(peek(at(0x101000)), 3);
}

MACHINE_TEST(fork, heap_and_many_mappings_come_along) {
    Space parent;
    parent->process_vm().heap().set_start(at(0x100000), 0);
    cr_assert_eq(parent->process_vm().heap().brk(*parent.vmar, at(0x102345)).value, 0x102345u);
    for (int i = 0; i < 500; i++)
        ASSERT_OK(parent->map(fixed(pages(0x10000000 + i * 2 * PAGE_SIZE, 1), i % 2 ? Perms::r() : Perms::rw())));
    Space child(*parent->fork());
    cr_assert(describe(*child.vmar) == describe(*parent.vmar));
    cr_assert_eq(child->process_vm().heap().range().end.value, 0x102345u);
    ASSERT_OK(child->unmap(pages(0x10000000, 400)));
    cr_assert_eq(parent->mapping_count(), 501u);
    ASSERT_OK(child->map({.size = PAGE_SIZE, .perms = Perms::rw()}));
}

MACHINE_TEST(fork, no_memory_leaves_the_parent_alone) {
    Space parent;
    ASSERT_OK(parent->map(fixed(pages(0x100000, 8))));
    poke(at(0x100000), 1);
    std::vector<Frame*> taken;
    while (auto frame = allocate_frame(FrameUse::kernel, Fill::none))
        taken.push_back(*frame);
    for (int left = 0; left < 4; left++) {  // root, two tables: three frames are needed
        bool forked = parent->fork().has_value();
        cr_assert_eq(forked, left >= 3, "with %d frames", left);
        taken.back()->unref();
        taken.pop_back();
    }
    for (Frame* frame : taken)
        frame->unref();
    cr_assert_eq(peek(at(0x100000)), 1);
    cr_assert(poke(at(0x100000), 2));
}
