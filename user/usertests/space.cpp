// Mappings, and what kernels have got wrong about them: docs/address-space.md names the promise of each test.

#include <algorithm>
#include <cstdint>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "space";
// The end of Sv39's user half; Astrolabe leaves out its top page.
const uintptr_t CAP = (1ul << 38) - (is_astrolabe() ? PAGE : 0);

int child_reading(volatile char* place) {
    return child([=] { (void)*place; });
}

// Whether the kernel can read or write a byte there in the program's name, which needs the rights that the program needs.
struct Looker {
    int ends[2];
    Looker() { EXPECT(pipe(ends) == 0); }
    bool can_read(const char* place) const {
        char byte;
        return write(ends[1], place, 1) == 1 && read(ends[0], &byte, 1) == 1;
    }
    bool can_write(char* place) const {
        char byte = 7;
        EXPECT(write(ends[1], &byte, 1) == 1);
        if (read(ends[0], place, 1) == 1) return true;
        EXPECT(errno == EFAULT && read(ends[0], &byte, 1) == 1);
        return false;
    }
};

// The lines of /proc/self/maps that lie in the range.
size_t mappings_in(const char* start, size_t pages) {
    std::string text = content_of("/proc/self/maps");
    auto first = reinterpret_cast<uintptr_t>(start), end = first + pages * PAGE;
    size_t found = 0;
    unsigned long low, high;
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        EXPECT(sscanf(text.c_str() + at, "%lx-%lx", &low, &high) == 2);
        found += low < end && high > first;
    }
    return found;
}

// Pages of the address space, and of them in memory.
struct Sizes {
    long total = 0, resident = 0;
    Sizes() {
        char text[4000] = "";
        int fd = open("/proc/self/status", O_RDONLY);
        EXPECT(read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0);
        EXPECT(sscanf(strstr(text, "VmSize:"), "VmSize: %ld", &total) == 1 && sscanf(strstr(text, "VmRSS:"), "VmRSS: %ld", &resident) == 1);
        total /= 4, resident /= 4;
    }
};

// ---- places and rights ----------------------------------------------------------------------------------------------

TEST(a_fixed_place_may_be_anywhere_but_below_64_kib_and_above_the_end) {
    uint32_t header[] = {0x20080522, 0}, none[6] = {};  // without privileges, that is: Linux lets root go lower
    syscall(SYS_capset, header, none);
    auto map_at = [](uintptr_t address, int how = MAP_FIXED) {
        return mmap(reinterpret_cast<void*>(address), PAGE, RW, PRIVATE | how, -1, 0);
    };
    EXPECT_ERROR(EPERM, map_at(0));
    if (is_astrolabe()) EXPECT_ERROR(EPERM, map_at(0xf000));  // Debian's Linux says this below 4096
    EXPECT(child([=] { EXPECT(map_at(0x10000) == reinterpret_cast<void*>(0x10000)); }) != 1);  // it may replace the program
    EXPECT(map_at(CAP - PAGE) == reinterpret_cast<void*>(CAP - PAGE));
    *reinterpret_cast<volatile char*>(CAP - 1) = 7;
    EXPECT_ERROR(ENOMEM, map_at(CAP));
    EXPECT_ERROR(ENOMEM, map_at(CAP + PAGE));
    EXPECT_ERROR(ENOMEM, map_at(-PAGE));
}

TEST(every_value_of_prot_has_its_meaning) {
    Looker looker;
    for (int prot = 0; prot <= 0x3f; prot++) {
        char* mapped = map(1, prot);  // bits without a meaning are ignored
        EXPECT(looker.can_read(mapped) == !!(prot & RW) && looker.can_write(mapped) == !!(prot & PROT_WRITE));
        char* changed = map(1);
        *changed = 7;
        errno = 0;
        bool is_known = (prot & ~0xf) == 0;
        EXPECT(mprotect(changed, PAGE, prot) == (is_known ? 0 : -1) && (is_known || errno == EINVAL));
        int now = is_known ? prot : RW;
        EXPECT(looker.can_read(changed) == !!(now & RW) && looker.can_write(changed) == !!(now & PROT_WRITE));
    }
}

TEST(touched_pages_lose_and_get_back_their_rights) {
    Looker looker;
    char* place = map(2);
    memset(place, 7, 2 * PAGE);
    for (int prot : {PROT_NONE, PROT_EXEC, PROT_WRITE, PROT_READ, PROT_EXEC | PROT_WRITE, PROT_NONE, PROT_READ | PROT_EXEC, PROT_NONE, RW}) {
        EXPECT(mprotect(place, 2 * PAGE, prot) == 0);
        EXPECT(looker.can_read(place + PAGE) == !!(prot & RW) && looker.can_write(place + PAGE) == !!(prot & PROT_WRITE));
    }
    EXPECT(std::all_of(place, place + 2 * PAGE, [](char byte) { return byte == 7; }));
}

TEST(a_protect_that_splits_is_undone_by_one_that_joins) {
    char* room = map(7, PROT_NONE);
    char* place = room + PAGE;
    EXPECT(mprotect(place, 5 * PAGE, RW) == 0);
    memset(place, 7, 5 * PAGE);
    EXPECT(mappings_in(place, 5) == 1);
    EXPECT(mprotect(place + 2 * PAGE, PAGE, PROT_READ) == 0 && mappings_in(place, 5) == 3);
    EXPECT(mprotect(place + 2 * PAGE, PAGE, RW) == 0 && mappings_in(place, 5) == 1);
    EXPECT(std::all_of(place, place + 5 * PAGE, [](char byte) { return byte == 7; }));
    memset(place, 8, 5 * PAGE);
}

// ---- what grows downward --------------------------------------------------------------------------------------------

int child_writing(volatile char* place) {
    return child([=] { *place = 1; });
}

// A mapping of one page that grows down, with nothing in the pages below.
char* map_growing(size_t pages_below) {
    char* room = map(pages_below + 1, PROT_NONE);
    EXPECT(munmap(room, (pages_below + 1) * PAGE) == 0);
    char* place = room + pages_below * PAGE;
    EXPECT(mmap(place, PAGE, RW, PRIVATE | MAP_GROWSDOWN | MAP_FIXED, -1, 0) == place);
    return place;
}

TEST(a_mapping_that_grows_down_keeps_its_distance) {
    constexpr size_t GAP = 256;
    char* place = map_growing(1000);
    char* below = place - 900 * PAGE;
    EXPECT(mmap(below - PAGE, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == below - PAGE);
    place[-1] = 7;
    EXPECT(place[-100 * static_cast<long>(PAGE)] == 0 && mappings_in(place - 100 * PAGE, 101) == 1);
    EXPECT(child_writing(below + GAP * PAGE) == 0 && child_writing(below + GAP * PAGE - 1) == -SIGSEGV);
    EXPECT(mprotect(below - PAGE, PAGE, PROT_NONE) == 0 && child_writing(below) == 0);  // what nobody can use is not in danger
}

TEST(only_private_memory_grows_down) {
    int fd = make_file("f", std::string(PAGE, 'x'));
    EXPECT_ERROR(EINVAL, mmap(nullptr, PAGE, RW, SHARED | MAP_GROWSDOWN, -1, 0));
    EXPECT_ERROR(EINVAL, mmap(nullptr, PAGE, RW, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0));
    EXPECT_ERROR(EINVAL, mmap(nullptr, PAGE, RW, MAP_SHARED | MAP_GROWSDOWN, fd, 0));
    char* place = map_growing(10);
    EXPECT(mprotect(place, PAGE, PROT_READ) == 0 && child_reading(place - PAGE) == 0 && child_writing(place - PAGE) == -SIGSEGV);
}

// ---- all of it ------------------------------------------------------------------------------------------------------

// Code that unmaps all but its own page, where it must not be touched, and ends with status 7. a0: the page, a1: the end.
asm(R"(
    .pushsection .rodata
unmap_the_rest:
    mv s0, a0
    mv s1, a1
    li a0, 0x10000
    sub a1, s0, a0
    li a7, 215
    ecall
    li t0, 4096
    add a0, s0, t0
    sub a1, s1, a0
    li a7, 215
    ecall
    li a0, 7
    li a7, 93
    ecall
unmap_the_rest_end:
    .popsection
)");
extern "C" const char unmap_the_rest[], unmap_the_rest_end[];

TEST(a_process_can_unmap_everything_and_exit) {
    EXPECT(child([] {
        char* code = map(1, RW);
        memcpy(code, unmap_the_rest, static_cast<size_t>(unmap_the_rest_end - unmap_the_rest));
        EXPECT(mprotect(code, PAGE, PROT_READ | PROT_EXEC) == 0);
        __builtin___clear_cache(code, code + PAGE);
        reinterpret_cast<void (*)(char*, uintptr_t)>(code)(code, CAP);
    }) == 7);
    EXPECT(child([] { syscall(SYS_munmap, 0x10000, CAP - 0x10000); }) == -SIGSEGV);  // the code is gone, too
}

// ---- files ----------------------------------------------------------------------------------------------------------

TEST(a_mapping_past_the_end_of_its_file_is_a_bus_error) {
    int fd = make_file("f", std::string(PAGE + 100, 'x'));
    auto* place = static_cast<char*>(mmap(nullptr, 3 * PAGE, RW, MAP_SHARED, fd, 0));
    EXPECT(place != MAP_FAILED && place[PAGE + 99] == 'x' && place[PAGE + 100] == 0 && place[2 * PAGE - 1] == 0);
    EXPECT(child_reading(place + 2 * PAGE) == -SIGBUS);
    EXPECT(ftruncate(fd, 10) == 0);
    EXPECT(child_reading(place + PAGE) == -SIGBUS && place[9] == 'x' && place[10] == 0);
    EXPECT(ftruncate(fd, 0) == 0);
    EXPECT(child_reading(place) == -SIGBUS);
    EXPECT(ftruncate(fd, 3 * PAGE) == 0 && place[9] == 0 && place[2 * PAGE] == 0);
}

TEST(a_mapping_begins_where_a_file_can_reach) {
    int fd = make_file("f", "x");
    auto map_from = [=](size_t offset) { return mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, fd, static_cast<off_t>(offset)); };
    constexpr size_t END = 1ul << 63;
    EXPECT(map_from(END - 2 * PAGE) != MAP_FAILED);
    for (size_t offset : {END - PAGE, END, -PAGE}) EXPECT_ERROR(EOVERFLOW, map_from(offset));
    EXPECT_ERROR(EINVAL, mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, fd, 0));
}

TEST(pages_of_a_file_can_be_mapped_in_descending_order) {
    constexpr size_t COUNT = 40;
    std::string content;
    for (size_t page = 0; page < COUNT; page++) content += std::string(PAGE, static_cast<char>(page + 1));
    int fd = make_file("f", content);
    char* place = map(COUNT, PROT_NONE);
    for (size_t page = COUNT; page-- > 0;) {
        char* at = place + page * PAGE;
        EXPECT(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, static_cast<off_t>(page * PAGE)) == at);
        EXPECT(*at == static_cast<char>(page + 1));
    }
    EXPECT(mappings_in(place, COUNT) == 1);
    auto* whole = static_cast<char*>(mmap(nullptr, COUNT * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
    for (size_t page = COUNT; page-- > 0;) EXPECT(whole[page * PAGE + 5] == static_cast<char>(page + 1));
}

// ---- growing and shrinking ------------------------------------------------------------------------------------------

TEST(what_shrank_grows_again_with_zeroes) {
    char* place = map(8);
    memset(place, 7, 8 * PAGE);
    EXPECT(mremap(place, 8 * PAGE, 3 * PAGE, 0) == place);
    EXPECT(child_reading(place + 3 * PAGE) == -SIGSEGV);
    EXPECT(mremap(place, 3 * PAGE, 8 * PAGE, 0) == place);
    EXPECT(place[3 * PAGE - 1] == 7);
    EXPECT(std::all_of(place + 3 * PAGE, place + 8 * PAGE, [](char byte) { return byte == 0; }));
}

TEST(a_thousand_growths_of_one_page_are_one_mapping) {
    constexpr size_t COUNT = 1000;
    char* room = map(COUNT + 2, PROT_NONE);
    char* place = room + PAGE;
    EXPECT(munmap(place, COUNT * PAGE) == 0);
    EXPECT(mmap(place, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == place);
    for (size_t pages = 1; pages < COUNT; pages++) {
        place[(pages - 1) * PAGE] = static_cast<char>(pages);
        EXPECT(mremap(place, pages * PAGE, (pages + 1) * PAGE, 0) == place);
    }
    for (size_t page = 0; page < COUNT - 1; page++) EXPECT(place[page * PAGE] == static_cast<char>(page + 1));
    EXPECT(mappings_in(place, COUNT) == 1);
}

TEST(a_mapping_grows_in_place_to_the_very_end) {
    auto* place = reinterpret_cast<char*>(CAP - 2 * PAGE);
    if (mmap(place, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) != place) return;  // the stack lies as high by chance
    *place = 7;
    EXPECT_ERROR(ENOMEM, mremap(place, PAGE, 3 * PAGE, 0));
    EXPECT(mremap(place, PAGE, 2 * PAGE, 0) == place && *place == 7 && place[PAGE] == 0);
    EXPECT_ERROR(ENOMEM, mremap(place, 2 * PAGE, 3 * PAGE, 0));
    char* moved = static_cast<char*>(mremap(place, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE));
    EXPECT(moved != MAP_FAILED && moved != place && *moved == 7);
}

TEST(a_part_of_shared_memory_can_be_seen_at_a_second_place) {
    char* first = map(4, RW, SHARED);
    first[PAGE] = 7;
    auto* second = static_cast<char*>(mremap(first + PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE));
    EXPECT(second != MAP_FAILED && second[0] == 7);
    second[PAGE] = 8;
    EXPECT(first[2 * PAGE] == 8 && munmap(first, 4 * PAGE) == 0 && second[PAGE] == 8);
    EXPECT_ERROR(ENOMEM, mremap(second, 0, PAGE, 0));
    EXPECT_ERROR(EFAULT, mremap(second, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, second));  // the first place goes first
    EXPECT_ERROR(EINVAL, mremap(map(1), 0, PAGE, MREMAP_MAYMOVE));
}

TEST(a_move_asks_for_what_can_be) {
    char *place = map(2), *free = map(2), *gone = map(1);
    auto remap = [=](char* from, size_t old_size, size_t size, int flags) { return mremap(from, old_size, size, flags, free); };
    constexpr int MOVE = MREMAP_MAYMOVE, TO = MOVE | MREMAP_FIXED, KEEP = MOVE | MREMAP_DONTUNMAP;
    EXPECT(munmap(gone, PAGE) == 0);
    EXPECT_ERROR(EINVAL, remap(place, 2 * PAGE, -1, MOVE));  // rounded up, that is nothing
    EXPECT_ERROR(EINVAL, remap(place, 2 * PAGE, -PAGE, TO));
    EXPECT_ERROR(ENOMEM, remap(place, 2 * PAGE, -PAGE, MOVE));
    EXPECT_ERROR(EINVAL, remap(place, 2 * PAGE, 2 * PAGE - 1, KEEP));
    EXPECT_ERROR(EINVAL, remap(place, 2 * PAGE, 2 * PAGE, MREMAP_DONTUNMAP));
    EXPECT_ERROR(EINVAL, remap(place, 2 * PAGE, 2 * PAGE, 8));
    EXPECT_ERROR(EFAULT, remap(gone, PAGE, 2 * PAGE, TO));
    EXPECT_ERROR(EFAULT, remap(gone, 1ul << 38, PAGE, MOVE));
    *place = 7;
    char* kept = static_cast<char*>(remap(place, 2 * PAGE, 2 * PAGE, KEEP | TO));
    EXPECT(kept == free && *kept == 7 && *place == 0);
}

TEST(a_growth_that_is_blocked_changes_nothing) {
    char* place = map(3);
    memset(place, 7, 3 * PAGE);
    auto refuse = [=] {
        EXPECT_ERROR(ENOMEM, mremap(place, PAGE, 2 * PAGE, 0));
        EXPECT_ERROR(ENOMEM, mremap(place, 3 * PAGE, 1ul << 38, MREMAP_MAYMOVE));
        return Sizes();
    };
    refuse();  // code comes into memory
    Sizes before = refuse(), after = refuse();
    EXPECT(after.total == before.total && (after.resident == before.resident || !is_astrolabe()));  // Linux counts in batches
    EXPECT(std::all_of(place, place + 3 * PAGE, [](char byte) { return byte == 7; }));
}

}  // namespace
