// Frames, the kernel heap and the page table by themselves.
#include <cstring>
#include <random>

#include "mm/slab.h"
#include "support.h"

using namespace support;

MACHINE_TEST(frames, runs_are_aligned_apart_and_joined_again) {
    size_t before = free_frame_count();
    for (int round = 0; round < 2; round++) {  // the second round finds the runs joined as in the first
        std::vector<Frame*> runs;
        for (unsigned order = 0; order <= 8; order++) {
            Frame* run = *allocate_frame(FrameUse::kernel, Fill::zero, order);
            cr_assert(is_aligned(run->address().value, PAGE_SIZE << order));
            memset(run->data(), static_cast<int>(order + 1), PAGE_SIZE << order);
            runs.push_back(run);
        }
        cr_assert_eq(free_frame_count(), before - 511);
        for (unsigned order = 0; order <= 8; order++) {
            std::byte* bytes = runs[order]->data();
            cr_assert_eq(static_cast<unsigned>(bytes[(PAGE_SIZE << order) - 1]), order + 1);
            runs[order]->unref();
        }
        cr_assert_eq(free_frame_count(), before);
    }
    ASSERT_FAILS(allocate_frame(FrameUse::kernel, Fill::zero, MAX_FRAME_ORDER + 1), ENOMEM);
}

MACHINE_TEST(frames, come_zeroed_and_go_with_the_last_reference) {
    Frame* frame = *allocate_frame(FrameUse::anon);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        cr_assert(frame->data()[i] == std::byte{0});
    size_t left = free_frame_count();
    frame->ref();
    cr_assert(frame->is_shared());
    frame->unref();
    cr_assert_eq(free_frame_count(), left);
    cr_assert(!frame->is_shared());
    frame->unref();
    cr_assert_eq(free_frame_count(), left + 1);
    std::vector<Frame*> all;
    while (auto next = allocate_frame(FrameUse::anon, Fill::none))
        all.push_back(*next);
    cr_assert_eq(free_frame_count(), 0u);
    for (Frame* each : all)
        each->unref();
}

MACHINE_TEST(heap_of_the_kernel, objects_do_not_touch_each_other) {
    std::mt19937 random(1);
    struct Object {
        uint8_t* bytes;
        size_t size;
        uint8_t mark;
    };
    std::vector<Object> live;
    size_t used = heap_used_bytes();
    for (int step = 0; step < 4000; step++) {
        if (live.size() < 200 || random() % 2) {
            size_t size = 1 + random() % (step % 50 ? 600 : 9000);
            auto* bytes = static_cast<uint8_t*>(heap_allocate(size));
            cr_assert_not_null(bytes);
            cr_assert(is_aligned(reinterpret_cast<uint64_t>(bytes), 16));
            auto mark = static_cast<uint8_t>(step);
            memset(bytes, mark, size);
            live.push_back({bytes, size, mark});
        } else {
            std::swap(live[random() % live.size()], live.back());
            Object object = live.back();
            live.pop_back();
            cr_assert(object.bytes[0] == object.mark && object.bytes[object.size - 1] == object.mark);
            heap_free(object.bytes);
        }
    }
    for (const Object& object : live)
        heap_free(object.bytes);
    heap_free(nullptr);
    cr_assert_eq(heap_used_bytes(), used);
    cr_assert_null(heap_allocate(SIZE_MAX));
    cr_assert_null(heap_allocate(PAGE_SIZE << (MAX_FRAME_ORDER + 1)));
}

MACHINE_TEST(page_table, keeps_frames_tables_and_counts) {
    PageTable table(*VmSpace::make_root());
    size_t before = free_frame_count();
    const VirtAddr places[] = {at(0x10000), at(0x1ff000), at(0x200000), at(0x40000000), VMAR_CAP_ADDR - PAGE_SIZE};
    for (VirtAddr place : places) {
        cr_assert(!table.find(place) || table.find(place)->is_empty());
        table.fill(*table.reach(place), *FrameRef::allocate(FrameUse::anon), Perms::rw());
    }
    cr_assert_eq(table.resident().anon, 5u);
    cr_assert_eq(free_frame_count(), before - 5 - 7);  // two tables for each gigabyte, one more at 2 MiB
    std::vector<uint64_t> seen;
    table.for_each({at(0x11000), VMAR_CAP_ADDR}, [&](VirtAddr page, Pte& slot) {
        cr_assert(slot.permits(Perms::rw()));
        seen.push_back(page.value);
    });
    cr_assert_eq(seen.size(), 4u);
    cr_assert(std::is_sorted(seen.begin(), seen.end()));
    Pte* slot = table.find(at(0x200000));
    table.set_perms(slot, Perms::none());
    cr_assert(!slot->is_valid() && !slot->is_empty());
    table.set_perms(slot, Perms::rx());
    cr_assert(slot->permits(Perms::rx()) && !slot->permits(Perms(Perms::W)));
    for (VirtAddr place : places)
        (void)table.clear(table.find(place));
    table.prune({at(0), VMAR_CAP_ADDR}, [](FrameRef) {});
    cr_assert_eq(free_frame_count(), before);
    cr_assert_eq(table.resident().total(), 0u);
}
