// Lab 3: the program break.
#include "support.h"

using namespace support;

namespace {

constexpr uint64_t START = 0x100000;

struct HeapSpace : Space {
    explicit HeapSpace(VmLimits limits = {}, uint64_t data_size = 0) : Space(limits) {
        vmar->process_vm().heap().set_start(at(START), data_size);
    }
    uint64_t brk(uint64_t wanted) { return vmar->process_vm().heap().brk(*vmar, at(wanted)).value; }
};

}  // namespace

MACHINE_TEST(heap, grows_and_shrinks_by_bytes) {
    HeapSpace heap;
    cr_assert_eq(heap.brk(0), START);
    cr_assert_eq(heap->mapping_count(), 0u);
    cr_assert_eq(heap.brk(START + 1), START + 1);
    ASSERT_MAPPINGS(heap, "100000-101000 rw-");
    cr_assert_eq(heap.brk(START + 0x1000), START + 0x1000);
    ASSERT_MAPPINGS(heap, "100000-101000 rw-");
    cr_assert_eq(heap.brk(START + 0x3123), START + 0x3123);
    ASSERT_MAPPINGS(heap, "100000-104000 rw-");
    cr_assert_eq(heap->resident_pages().anon, 0u);
    cr_assert(poke(at(START + 0x3fff), 5));
    cr_assert(!poke(at(START + 0x4000), 5));
    cr_assert_eq(heap.brk(START + 0x2fff), START + 0x2fff);
    ASSERT_MAPPINGS(heap, "100000-103000 rw-");
    cr_assert_eq(heap.brk(START + 0x4000), START + 0x4000);
    cr_assert_eq(peek(at(START + 0x3fff)), 0);
    cr_assert_eq(heap.brk(START - 1), START + 0x4000);
    cr_assert_eq(heap.brk(START), START);
    cr_assert_eq(heap->mapping_count(), 0u);
}

MACHINE_TEST(heap, refusals_leave_the_exact_break) {
    HeapSpace heap({.data = 0x10000}, 0x8000);
    cr_assert_eq(heap.brk(START + 0x1234), START + 0x1234);
    for (uint64_t wanted : {START + 0x8001, VMAR_CAP_ADDR.value + 1, uint64_t{1} << 63, UINT64_MAX, uint64_t{0}, START - 1})
        cr_assert_eq(heap.brk(wanted), START + 0x1234, "0x%lx", wanted);
    cr_assert_eq(heap.brk(START + 0x8000), START + 0x8000);

    HeapSpace blocked;
    ASSERT_OK(blocked->map(fixed(pages(START + 0x4000, 1), Perms::r())));
    cr_assert_eq(blocked.brk(START + 0x1001), START + 0x1001);
    cr_assert_eq(blocked.brk(START + 0x4001), START + 0x1001);
    cr_assert_eq(blocked.brk(START + 0x9000), START + 0x1001);
    cr_assert_eq(blocked.brk(START + 0x3001), START + 0x1001);  // a page stays free above the heap
    cr_assert_eq(blocked.brk(START + 0x3000), START + 0x3000);
    ASSERT_MAPPINGS(blocked, "100000-103000 rw- 104000-105000 r--");
}

MACHINE_TEST(heap, survives_what_the_program_does_to_it) {
    HeapSpace heap;
    cr_assert_eq(heap.brk(START + 0x8000), START + 0x8000);
    ASSERT_OK(heap->protect(pages(START + 0x6000, 2), Perms::r()));
    ASSERT_OK(heap->unmap(pages(START + 0x2000, 2)));
    cr_assert_eq(heap.brk(START + 0xa000), START + 0xa000);  // new pages are rw whatever mprotect did
    ASSERT_MAPPINGS(heap, "100000-102000 rw- 104000-106000 rw- 106000-108000 r-- 108000-10a000 rw-");
    cr_assert_eq(heap.brk(START + 0x1000), START + 0x1000);
    ASSERT_MAPPINGS(heap, "100000-101000 rw-");
    ASSERT_OK(heap->unmap(pages(START, 1)));
    cr_assert_eq(heap.brk(START), START + 0x1000);  // there is nothing to release: refused, as on Linux
    cr_assert_eq(heap.brk(START + 0x2000), START + 0x2000);
    ASSERT_MAPPINGS(heap, "101000-102000 rw-");
}

MACHINE_TEST(heap, stays_clear_of_the_stack) {
    HeapSpace heap;
    uint64_t stack_start = START + (4 << 20);
    MapRequest stack = fixed({at(stack_start), at(stack_start + 0x10000)});
    stack.kind = MappingKind::stack;
    ASSERT_OK(heap->map(stack));
    uint64_t highest = stack_start - STACK_GUARD_GAP - PAGE_SIZE;
    cr_assert_eq(heap.brk(highest), highest);
    cr_assert_eq(heap.brk(highest + 1), highest);
    cr_assert_eq(heap.brk(stack_start + 0x20000), highest);
}
