// Lab 1: unmap, protect, merge.
#include "support.h"

using namespace support;

MACHINE_TEST(vmar, unmap_splits_at_its_edges) {
    Space space;
    MapRequest file = fixed(pages(0x100000, 8), Perms::r());
    file.vmo = numbered_vmo(16);
    file.vmo_offset = 2 * PAGE_SIZE;
    ASSERT_OK(space->map(file));
    ASSERT_OK(space->unmap(pages(0x103000, 2)));
    ASSERT_MAPPINGS(space, "100000-103000 r--@2000 105000-108000 r--@7000");
    cr_assert_eq(peek(at(0x102000)), 5);
    cr_assert_eq(peek(at(0x103000)), -1);
    cr_assert_eq(peek(at(0x105000)), 8);
    ASSERT_OK(space->unmap(pages(0x107000, 4)));
    ASSERT_OK(space->unmap(pages(0xff000, 2)));
    ASSERT_MAPPINGS(space, "101000-103000 r--@3000 105000-107000 r--@7000");
    cr_assert_eq(peek(at(0x101000)), 4);
    ASSERT_OK(space->unmap(pages(0x100000, 100)));
    ASSERT_MAPPINGS(space, "");
    cr_assert_eq(space->total_bytes(), 0u);
}

MACHINE_TEST(vmar, unmap_is_seen_by_every_hart_at_once) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 4))));
    poke(at(0x101000), 1);
    arch::host::run_on_hart(1);
    VmSpace::switch_to(&space->vm_space());
    cr_assert_eq(peek(at(0x101000)), 1);
    arch::host::run_on_hart(0);
    ASSERT_OK(space->unmap(pages(0x101000, 1)));
    cr_assert_eq(peek(at(0x101000)), -1);
    arch::host::run_on_hart(1);
    cr_assert_eq(peek(at(0x101000)), -1);
    VmSpace::switch_to(nullptr);
    arch::host::run_on_hart(0);
}

MACHINE_TEST(vmar, protect_splits_and_merges_again) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 4))));
    poke(at(0x101000), 5);
    ASSERT_OK(space->protect(pages(0x101000, 1), Perms::r()));
    ASSERT_MAPPINGS(space, "100000-101000 rw- 101000-102000 r-- 102000-104000 rw-");
    cr_assert(!poke(at(0x101000), 6));
    cr_assert_eq(peek(at(0x101000)), 5);
    ASSERT_OK(space->protect(pages(0x101000, 1), Perms::none()));
    cr_assert_eq(peek(at(0x101000)), -1);
    ASSERT_OK(space->protect(pages(0x101000, 1), Perms::rw()));
    ASSERT_MAPPINGS(space, "100000-104000 rw-");
    cr_assert_eq(peek(at(0x101000)), 5);
    cr_assert(poke(at(0x101000), 6));
    cr_assert(!arch::host::can_access(at(0x101000), Perms(Perms::X)));
    ASSERT_OK(space->protect(pages(0x101000, 1), Perms(Perms::W)));
    cr_assert_eq(peek(at(0x101000)), 6);  // write implies read
}

MACHINE_TEST(vmar, protect_stops_at_a_hole_or_a_refusal) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x100000, 2))));
    ASSERT_OK(space->map(fixed(pages(0x103000, 2))));
    ASSERT_FAILS(space->protect(pages(0x101000, 3), Perms::r()), ENOMEM);
    ASSERT_MAPPINGS(space, "100000-101000 rw- 101000-102000 r-- 103000-105000 rw-");
    MapRequest limited = fixed(pages(0x105000, 1), Perms::r());
    limited.may_perms = Perms::r();
    ASSERT_OK(space->map(limited));
    ASSERT_FAILS(space->protect(pages(0x104000, 2), Perms::rx()), EACCES);
    ASSERT_MAPPINGS(space, "100000-101000 rw- 101000-102000 r-- 103000-104000 rw- 104000-105000 r-x 105000-106000 r--");
    ASSERT_FAILS(space->protect(pages(0x200000, 1), Perms::r()), ENOMEM);
}

MACHINE_TEST(vmar, neighbours_merge_only_when_alike) {
    Space space;
    ASSERT_OK(space->map(fixed(pages(0x102000, 1))));
    ASSERT_OK(space->map(fixed(pages(0x100000, 1))));
    ASSERT_OK(space->map(fixed(pages(0x101000, 1))));
    ASSERT_MAPPINGS(space, "100000-103000 rw-");
    auto vmo = numbered_vmo(4);
    MapRequest file = fixed(pages(0x103000, 1));
    file.vmo = vmo;
    ASSERT_OK(space->map(file));
    file.at = at(0x104000), file.vmo_offset = PAGE_SIZE;
    ASSERT_OK(space->map(file));
    file.at = at(0x105000), file.vmo_offset = 3 * PAGE_SIZE;
    ASSERT_OK(space->map(file));
    file.at = at(0x106000), file.vmo_offset = 0, file.sharing = Sharing::shared;
    ASSERT_OK(space->map(file));
    ASSERT_MAPPINGS(space, "100000-103000 rw- 103000-105000 rw-@0 105000-106000 rw-@3000 106000-107000 rw-@0");
    MapRequest limited = fixed(pages(0xff000, 1));
    limited.may_perms = Perms::rw();
    ASSERT_OK(space->map(limited));
    cr_assert_eq(space->mapping_count(), 5u);
}
