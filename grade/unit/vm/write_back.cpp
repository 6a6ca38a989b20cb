// A file's pages between its disk, the Vmo and those who map it: nothing stored is lost, nothing cut off stays visible.
#include <map>

#include "support.h"

using namespace support;

namespace {

// A file on a disk: page n is full of the byte n + 1 until it is written.
struct TestFile : PageSource {
    std::map<uint64_t, std::vector<std::byte>> disk;
    std::vector<uint64_t> reads, writes;
    bool broken = false;
    std::function<void()> during_read = [] {};

    Result<> read_page(uint64_t index, std::span<std::byte> page) override {
        reads.push_back(index);
        std::vector<std::byte> content = disk.contains(index) ? disk[index]
                                                              : std::vector(PAGE_SIZE, std::byte(index + 1));
        std::exchange(during_read, [] {})();
        std::copy(content.begin(), content.end(), page.begin());
        return {};
    }
    Result<> write_page(uint64_t index, std::span<const std::byte> page) override {
        if (broken) return fail(Errno::EIO);
        writes.push_back(index);
        disk[index].assign(page.begin(), page.end());
        return {};
    }
    int at(uint64_t index, size_t offset = 0) { return disk.contains(index) ? int(disk[index][offset]) : -1; }
};

MapRequest shared(const Ref<Vmo>& vmo, uint64_t start, uint64_t count, uint64_t first_page = 0) {
    MapRequest request = fixed(pages(start, count));
    request.vmo = vmo;
    request.vmo_offset = first_page * PAGE_SIZE;
    request.sharing = Sharing::shared;
    return request;
}

void write_all(const Ref<Vmo>& vmo) { ASSERT_OK(vmo->write_back(0, UINT64_MAX)); }

}  // namespace

MACHINE_TEST(write_back, a_store_after_writing_back_is_written_again) {
    TestFile file;
    auto vmo = *Vmo::create(4 * PAGE_SIZE, &file);
    Space space;
    ASSERT_OK(space->map(shared(vmo, 0x100000, 4)));
    cr_assert(poke(at(0x101000), 77));
    cr_assert_eq(Vmo::dirty_pages(), 1u);
    write_all(vmo);
    cr_assert_eq(file.at(1), 77);
    cr_assert_eq(Vmo::dirty_pages(), 0u);
    cr_assert(poke(at(0x101000), 78));  // the page is still in the table
    cr_assert_eq(Vmo::dirty_pages(), 1u);
    write_all(vmo);
    cr_assert_eq(file.at(1), 78);
    write_all(vmo);
    cr_assert_eq(file.writes.size(), 2u);  // what is clean is not written
}

MACHINE_TEST(write_back, every_space_and_mapping_of_a_page_is_found) {
    TestFile file;
    auto vmo = *Vmo::create(4 * PAGE_SIZE, &file);
    Space parent;
    ASSERT_OK(parent->map(shared(vmo, 0x100000, 4)));
    ASSERT_OK(parent->map(shared(vmo, 0x200000, 2, 1)));
    cr_assert(poke(at(0x101000), 1));
    Space child(*parent->fork());
    child.run();
    cr_assert(poke(at(0x200000), 2));
    parent.run();
    cr_assert(poke(at(0x200000), 3));
    write_all(vmo);
    cr_assert_eq(Vmo::dirty_pages(), 0u);
    for (const Space* space : {&child, &parent})
        for (uint64_t address : {0x101000, 0x200000}) {
            space->run();
            cr_assert(poke(at(address), static_cast<uint8_t>(address >> 16)));
            write_all(vmo);
            cr_assert_eq(file.at(1), static_cast<uint8_t>(address >> 16));
        }
}

MACHINE_TEST(write_back, mappings_that_were_split_moved_and_merged_are_found) {
    TestFile file;
    auto vmo = *Vmo::create(8 * PAGE_SIZE, &file);
    Space space;
    ASSERT_OK(space->map(shared(vmo, 0x100000, 8)));
    for (int i = 0; i < 8; i++)
        cr_assert(poke(at(0x100000 + i * PAGE_SIZE), 9));
    ASSERT_OK(space->protect(pages(0x102000, 2), Perms::r()));
    ASSERT_OK(space->protect(pages(0x102000, 2), Perms::rw()));
    ASSERT_OK(space->unmap(pages(0x100000, 1)));
    RemapRequest move{.old_range = pages(0x104000, 2), .new_size = 2 * PAGE_SIZE, .may_move = true};
    move.fixed = at(0x300000);
    ASSERT_OK(space->remap(move));
    write_all(vmo);
    cr_assert_eq(Vmo::dirty_pages(), 0u);
    cr_assert(poke(at(0x300000), 20) && poke(at(0x101000), 21) && poke(at(0x103000), 22) && poke(at(0x107000), 23));
    write_all(vmo);
    cr_assert(file.at(4) == 20 && file.at(1) == 21 && file.at(3) == 22 && file.at(7) == 23);
}

MACHINE_TEST(write_back, who_holds_a_frame_may_yet_write_to_it) {
    TestFile file;
    auto vmo = *Vmo::create(PAGE_SIZE, &file);
    {
        FrameRef frame = *vmo->page(0);
        vmo->mark_dirty(0);
        write_all(vmo);
        cr_assert_eq(Vmo::dirty_pages(), 1u);
        *frame->data() = std::byte(50);
    }
    write_all(vmo);
    cr_assert_eq(Vmo::dirty_pages(), 0u);
    cr_assert_eq(file.at(0), 50);
}

MACHINE_TEST(write_back, a_page_that_cannot_be_written_is_reported_and_given_up) {
    TestFile file;
    auto vmo = *Vmo::create(3 * PAGE_SIZE, &file);
    for (uint64_t i = 0; i < 3; i++) {
        ASSERT_OK(vmo->page(i));
        vmo->mark_dirty(i);
    }
    file.broken = true;
    ASSERT_FAILS(vmo->write_back(0, UINT64_MAX), EIO);
    cr_assert_eq(Vmo::dirty_pages(), 0u);
    file.broken = false;
    vmo->mark_dirty(2);
    ASSERT_OK(vmo->write_back(0, 2));
    cr_assert(file.writes.empty());
    write_all(vmo);
    cr_assert_eq(file.writes.size(), 1u);
}

MACHINE_TEST(write_back, the_last_page_is_zero_past_the_end) {
    TestFile file;
    auto vmo = *Vmo::create(PAGE_SIZE + 100, &file);
    Space space;
    ASSERT_OK(space->map(shared(vmo, 0x100000, 2)));
    cr_assert(poke(at(0x101000 + 99), 5) && poke(at(0x101000 + 100), 6) && poke(at(0x101fff), 7));
    write_all(vmo);
    cr_assert_eq(file.at(1, 99), 5);
    cr_assert_eq(file.at(1, 100), 0);
    cr_assert_eq(file.at(1, PAGE_SIZE - 1), 0);
}

MACHINE_TEST(truncate, pages_cut_off_leave_every_table) {
    TestFile file;
    auto vmo = *Vmo::create(4 * PAGE_SIZE, &file);
    Space space;
    ASSERT_OK(space->map(shared(vmo, 0x100000, 4)));
    MapRequest request = shared(vmo, 0x200000, 4);
    request.sharing = Sharing::private_;
    ASSERT_OK(space->map(request));
    for (uint64_t start : {0x100000, 0x200000})
        for (uint64_t i = 0; i < 4; i++)
            cr_assert(poke(at(start + i * PAGE_SIZE), 40));
    Space child(*space->fork());
    ASSERT_OK(vmo->resize(PAGE_SIZE + 10));
    for (const Space* each : {&child, &space}) {
        each->run();
        for (uint64_t start : {0x100000, 0x200000}) {
            cr_assert_eq(peek(at(start + PAGE_SIZE)), 40);
            cr_assert_eq(peek(at(start + 2 * PAGE_SIZE)), -1);
            cr_assert(!poke(at(start + 3 * PAGE_SIZE), 1));
        }
    }
    ASSERT_OK(vmo->resize(4 * PAGE_SIZE));
    cr_assert_eq(peek(at(0x100000 + 10)), 1);                 // as it was on the disk
    cr_assert_eq(peek(at(0x100000 + PAGE_SIZE + 10)), 0);     // behind the end it had
    cr_assert_eq(peek(at(0x100000 + 2 * PAGE_SIZE)), 3);      // this source knows nothing of sizes
}

MACHINE_TEST(reclaim, clean_pages_go_and_come_back) {
    TestFile file;
    auto vmo = *Vmo::create(300 * PAGE_SIZE, &file);
    size_t frames = free_frame_count();
    for (uint64_t i = 0; i < 200; i++)
        ASSERT_OK(vmo->page(i));
    vmo->mark_dirty(0);
    auto kept = vmo->page(1);
    Space space;
    ASSERT_OK(space->map(shared(vmo, 0x100000, 4)));
    cr_assert_eq(peek(at(0x103000)), 4);
    while (Vmo::reclaim()) {}
    cr_assert(vmo->cached_page(0) && vmo->cached_page(1) && vmo->cached_page(3));
    cr_assert(!vmo->cached_page(4) && !vmo->cached_page(199));
    cr_assert_gt(free_frame_count(), frames - 30);
    cr_assert_eq(int(*(*vmo->page(199))->data()), 200);
    write_all(vmo);
}

// The frame allocator asks for clean pages when nothing else is left.
MACHINE_TEST(reclaim, a_file_larger_than_memory_can_be_read) {
    reclaim_frames = Vmo::reclaim;
    TestFile file;
    auto vmo = *Vmo::create(2 * total_frame_count() * PAGE_SIZE, &file);
    for (uint64_t i = 0; i < 2 * total_frame_count(); i++) {
        auto frame = vmo->page(i);
        ASSERT_OK(frame);
        cr_assert_eq(*(*frame)->data(), std::byte(i + 1));
    }
    std::vector<Frame*> taken;  // and others need it, too
    while (auto frame = allocate_frame(FrameUse::kernel, Fill::none))
        taken.push_back(*frame);
    cr_assert_gt(taken.size(), total_frame_count() * 3 / 4);
    for (Frame* frame : taken)
        frame->unref();
}

// What was read while a page was written, written back and dropped is older than what the disk has.
MACHINE_TEST(reclaim, a_page_that_was_written_meanwhile_is_read_again) {
    TestFile file;
    auto vmo = *Vmo::create(PAGE_SIZE, &file);
    file.during_read = [&] {
        uint8_t byte = 99;
        ASSERT_OK(vmo->write(0, std::as_bytes(std::span(&byte, 1))));
        write_all(vmo);
        cr_assert(Vmo::reclaim());
    };
    cr_assert_eq(int(*(*vmo->page(0))->data()), 99);
}

// Many dirty pages are written by who makes more of them.
MACHINE_TEST(reclaim, dirty_pages_stay_below_the_limit) {
    TestFile file;
    auto vmo = *Vmo::create(0, &file);
    std::vector<std::byte> bytes(PAGE_SIZE, std::byte(3));
    for (uint64_t i = 0; i < total_frame_count(); i++) {
        ASSERT_OK(vmo->write(i * PAGE_SIZE, bytes));
        cr_assert_leq(Vmo::dirty_pages(), Vmo::dirty_limit() + 1);
    }
    write_all(vmo);
    for (uint64_t i = 0; i < total_frame_count(); i++)
        cr_assert_eq(file.at(i), 3);
}
