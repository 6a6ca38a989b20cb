// What a program says and asks about its memory: madvise(2), mlock(2), mincore(2), msync(2), MAP_POPULATE.

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "advice";

// Which pages are in memory: '1' or '0' for each.
std::string in_memory(char* place, size_t pages) {
    unsigned char vector[64];
    EXPECT(pages <= sizeof(vector) && mincore(place, pages * PAGE, vector) == 0);
    std::string text;
    for (size_t page = 0; page < pages; page++)
        text += vector[page] & 1 ? '1' : '0';
    return text;
}

long locked_pages() {
    std::string text = content_of("/proc/self/status");
    long kib = 0;
    EXPECT(sscanf(strstr(text.c_str(), "VmLck:"), "VmLck: %ld", &kib) == 1);
    return kib / 4;
}

char* map_file(size_t pages, int flags, const char* name = "f") {
    std::string content;
    for (size_t page = 0; page < pages; page++)
        content += std::string(PAGE, static_cast<char>('a' + page));
    int fd = make_file(name, content);
    void* place = mmap(nullptr, pages * PAGE, RW, flags, fd, 0);
    EXPECT(place != MAP_FAILED && close(fd) == 0);
    return static_cast<char*>(place);
}

// ---- what is in memory ----------------------------------------------------------------------------------------------

TEST(mincore_says_what_was_touched) {
    char* place = map(4);
    place[PAGE] = 1;
    EXPECT(*const_cast<volatile char*>(place + 3 * PAGE) == 0);
    EXPECT(in_memory(place, 4) == "0101" && in_memory(map_file(3, MAP_SHARED), 3) == "111");
    unsigned char vector[4] = {9, 9, 9, 9};
    EXPECT_ERROR(EINVAL, mincore(place + 1, PAGE, vector));
    EXPECT_ERROR(EFAULT, mincore(place, PAGE, reinterpret_cast<unsigned char*>(BAD_ADDRESS)));
    EXPECT_ERROR(ENOMEM, mincore(place, -PAGE, vector));
    EXPECT(mincore(place, 0, vector) == 0 && munmap(place + 2 * PAGE, PAGE) == 0);
    EXPECT_ERROR(ENOMEM, mincore(place, 4 * PAGE, vector));
}

TEST(populated_memory_is_there_at_once) {
    EXPECT(in_memory(map(3, RW, PRIVATE | MAP_POPULATE), 3) == "111" && in_memory(map(3, RW, SHARED | MAP_POPULATE), 3) == "111");
    EXPECT(in_memory(map(2, PROT_NONE, PRIVATE | MAP_POPULATE), 2) == "00");
    char* place = map(3);
    EXPECT(madvise(place + PAGE, PAGE, MADV_POPULATE_READ) == 0 && madvise(place + 2 * PAGE, PAGE, MADV_POPULATE_WRITE) == 0);
    EXPECT(in_memory(place, 3) == "011");
    EXPECT(mprotect(place, PAGE, PROT_READ) == 0 && mprotect(place + PAGE, PAGE, PROT_NONE) == 0);
    EXPECT_ERROR(EINVAL, madvise(place, PAGE, MADV_POPULATE_WRITE));
    EXPECT_ERROR(EINVAL, madvise(place + PAGE, PAGE, MADV_POPULATE_READ));
    EXPECT(munmap(place + PAGE, PAGE) == 0);
    EXPECT_ERROR(ENOMEM, madvise(place, 3 * PAGE, MADV_POPULATE_READ));
    EXPECT(in_memory(place, 1) == "1");
}

// ---- locking --------------------------------------------------------------------------------------------------------

TEST(locked_memory_is_touched_and_counted) {
    char* place = map(8);
    EXPECT(mlock(place + PAGE + 5, 10) == 0 && locked_pages() == 1 && in_memory(place, 3) == "010");
    EXPECT(mlock(place, 8 * PAGE) == 0 && locked_pages() == 8 && in_memory(place, 8) == "11111111");
    EXPECT(munlock(place + PAGE, PAGE) == 0 && locked_pages() == 7);
    EXPECT(munmap(place, 2 * PAGE) == 0 && locked_pages() == 6);
    EXPECT(mremap(place + 2 * PAGE, 6 * PAGE, 3 * PAGE, 0) == place + 2 * PAGE && locked_pages() == 3);
    EXPECT(child([] { EXPECT(locked_pages() == 0); }) == 0);  // a child's is not
    EXPECT_ERROR(ENOMEM, mlock(place, 3 * PAGE));
    EXPECT_ERROR(EINVAL, mlock(place, -2 * PAGE));
    EXPECT(mlock(place, -1) == 0);  // rounded up, that is nothing
}

TEST(locked_memory_may_come_later) {
    char* place = map(2);
    EXPECT(mlock2(place, 2 * PAGE, MLOCK_ONFAULT) == 0 && locked_pages() == 2 && in_memory(place, 2) == "00");
    EXPECT_ERROR(EINVAL, mlock2(place, PAGE, 2));
    EXPECT(mlock2(place, PAGE, 0) == 0 && in_memory(place, 2) == "10");
    EXPECT(in_memory(map(2, RW, PRIVATE | MAP_LOCKED), 2) == "11" && locked_pages() == 4);
}

TEST(locked_memory_is_not_given_up) {
    constexpr int DONTNEED_LOCKED = 24;
    char* place = map(2);
    *place = 7;
    EXPECT(mlock(place, PAGE) == 0);
    EXPECT_ERROR(EINVAL, madvise(place, PAGE, MADV_DONTNEED));
    EXPECT_ERROR(EINVAL, madvise(place, PAGE, MADV_FREE));
    EXPECT_ERROR(EBUSY, msync(place, PAGE, MS_INVALIDATE));
    EXPECT(*place == 7 && madvise(place, 2 * PAGE, DONTNEED_LOCKED) == 0 && *place == 0 && locked_pages() == 1);
    char* none = map(1, PROT_NONE);
    EXPECT_ERROR(ENOMEM, mlock(none, PAGE));  // it is locked all the same
    EXPECT_ERROR(EINVAL, madvise(none, PAGE, MADV_DONTNEED));
}

// ---- advice ---------------------------------------------------------------------------------------------------------

TEST(what_is_not_needed_is_read_anew) {
    char *memory = map(3), *copied = map_file(3, MAP_PRIVATE), *shared = map_file(3, MAP_SHARED, "g");
    for (char* place : {memory, copied, shared}) {
        memset(place, 7, 3 * PAGE);
        EXPECT(madvise(place, 2 * PAGE, MADV_DONTNEED) == 0);
    }
    EXPECT(memory[0] == 0 && memory[2 * PAGE] == 7 && copied[PAGE] == 'b' && copied[2 * PAGE] == 7 && shared[0] == 7);
    munmap(memory + PAGE, PAGE);
    EXPECT_ERROR(ENOMEM, madvise(memory, 3 * PAGE, MADV_DONTNEED));
    EXPECT(memory[2 * PAGE] == 0);  // what lies behind the hole, too
    EXPECT_ERROR(EINVAL, madvise(memory + 1, PAGE, MADV_DONTNEED));
    EXPECT_ERROR(EINVAL, madvise(memory, PAGE, 99));
    EXPECT_ERROR(EINVAL, madvise(memory, -PAGE + 1, MADV_NORMAL));
    EXPECT_ERROR(EINVAL, madvise(shared, PAGE, MADV_FREE));
    EXPECT(madvise(memory, 0, MADV_DONTNEED) == 0 && madvise(memory, PAGE, MADV_FREE) == 0);
    for (int hint : {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT})
        EXPECT(madvise(copied, 3 * PAGE, hint) == 0 && copied[2 * PAGE] == 7);
}

TEST(a_child_gets_what_its_parent_says) {
    char *kept = map(1), *wiped = map(1), *shared = map(1, RW, SHARED), *hidden = map(1);
    for (char* place : {kept, wiped, shared, hidden})
        *place = 7;
    EXPECT(madvise(wiped, PAGE, MADV_WIPEONFORK) == 0 && madvise(hidden, PAGE, MADV_DONTFORK) == 0);
    EXPECT_ERROR(EINVAL, madvise(shared, PAGE, MADV_WIPEONFORK));
    auto look = [&](const volatile char* place) { return child([=] { _exit(10 + *place); }); };
    EXPECT(look(kept) == 17 && look(wiped) == 10 && look(shared) == 17 && look(hidden) == -SIGSEGV && *wiped == 7);
    EXPECT(madvise(wiped, PAGE, MADV_KEEPONFORK) == 0 && madvise(hidden, PAGE, MADV_DOFORK) == 0);
    EXPECT(look(wiped) == 17 && look(hidden) == 17);
}

TEST(msync_is_for_what_is_mapped) {
    char* place = map_file(3, MAP_SHARED);
    for (int flags = 0; flags < 8; flags++)
        EXPECT(msync(place, 3 * PAGE, flags) == (flags & MS_ASYNC && flags & MS_SYNC ? -1 : 0));
    EXPECT_ERROR(EINVAL, msync(place, PAGE, 8));
    EXPECT_ERROR(EINVAL, msync(place + 1, PAGE, MS_SYNC));
    EXPECT(msync(map(1), PAGE, MS_SYNC) == 0 && munmap(place + PAGE, PAGE) == 0);
    EXPECT_ERROR(ENOMEM, msync(place, 3 * PAGE, MS_SYNC));
    EXPECT_ERROR(ENOMEM, msync(place, -2 * PAGE, MS_SYNC));
}

}  // namespace
