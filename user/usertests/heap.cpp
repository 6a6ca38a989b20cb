// The program break, and what kernels have got wrong about it: docs/address-space.md names the promise of each test.
//
// The break is moved by the system call itself, behind the C library's back: no test here may let malloc move it meanwhile.

#include <algorithm>
#include <cstdint>

#include "filetesting.h"
#include "threads.h"

namespace {

constexpr char GROUP[] = "heap";

char* raw_brk(char* wanted) { return reinterpret_cast<char*>(syscall(SYS_brk, wanted)); }

char* page_up(char* address) { return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(address) + PAGE - 1) & -PAGE); }

// The heap from a whole page on, so many pages long.
char* heap_of(size_t pages) {
    char* first = page_up(raw_brk(nullptr));
    EXPECT(raw_brk(first + pages * PAGE) == first + pages * PAGE);
    return first;
}

bool is_zero(const char* first, size_t pages) {
    return std::all_of(first, first + pages * PAGE, [](char byte) { return byte == 0; });
}

int child_reading(volatile char* place) {
    return child([=] { (void)*place; });
}

void limit_data(rlim_t bytes) {
    rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    EXPECT(setrlimit(RLIMIT_DATA, &limit) == 0);
}

TEST(a_refused_break_is_the_exact_old_one) {
    char* first = heap_of(1);
    char* exact = first + 2 * PAGE + 123;
    EXPECT(raw_brk(exact) == exact);
    exact[-1] = 7;
    char* blocked = page_up(exact) + 4 * PAGE;
    EXPECT(mmap(blocked, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) == blocked);
    EXPECT(raw_brk(blocked + 1) == exact);                          // a mapping is there
    EXPECT(raw_brk(reinterpret_cast<char*>(BEYOND)) == exact);      // no user can have it
    EXPECT(raw_brk(reinterpret_cast<char*>(16)) == exact);          // below its start
    EXPECT(raw_brk(reinterpret_cast<char*>(-1l)) == exact);
    limit_data(1);
    EXPECT(raw_brk(exact + PAGE) == exact);                         // over RLIMIT_DATA
    EXPECT(exact[-1] == 7);
}

TEST(what_was_done_inside_does_not_stop_it) {
    char* heap = heap_of(8);
    memset(heap, 7, 8 * PAGE);
    EXPECT(munmap(heap + 2 * PAGE, PAGE) == 0);
    EXPECT(mprotect(heap + 3 * PAGE, PAGE, PROT_READ) == 0);
    EXPECT(mmap(heap + 4 * PAGE, PAGE, RW, SHARED | MAP_FIXED, -1, 0) == heap + 4 * PAGE);
    EXPECT(raw_brk(heap + 10 * PAGE) == heap + 10 * PAGE);
    EXPECT(is_zero(heap + 8 * PAGE, 2) && heap[PAGE] == 7 && heap[3 * PAGE] == 7 && heap[4 * PAGE] == 0);
    EXPECT(raw_brk(heap + PAGE) == heap + PAGE);
    for (size_t page = 1; page < 10; page++)
        EXPECT(child_reading(heap + page * PAGE) == -SIGSEGV);
    EXPECT(raw_brk(heap + 8 * PAGE) == heap + 8 * PAGE);
    EXPECT(heap[0] == 7 && is_zero(heap + PAGE, 7));
    memset(heap, 8, 8 * PAGE);
}

TEST(it_grows_although_its_last_page_was_unmapped) {
    char* heap = heap_of(4);
    memset(heap, 7, 4 * PAGE);
    EXPECT(munmap(heap + 3 * PAGE, PAGE) == 0);
    EXPECT(raw_brk(heap + 5 * PAGE) == heap + 5 * PAGE);
    EXPECT(child_reading(heap + 3 * PAGE) == -SIGSEGV);  // the hole is not the heap's to fill
    EXPECT(is_zero(heap + 4 * PAGE, 1) && heap[2 * PAGE] == 7);
    EXPECT(raw_brk(heap + 2 * PAGE) == heap + 2 * PAGE);
    EXPECT(raw_brk(heap + 4 * PAGE) == heap + 4 * PAGE);
    EXPECT(heap[PAGE] == 7 && is_zero(heap + 2 * PAGE, 2));
}

TEST(it_does_not_shrink_over_nothing) {
    char* heap = heap_of(8);
    EXPECT(munmap(heap + 4 * PAGE, 4 * PAGE) == 0);
    EXPECT(raw_brk(heap + 4 * PAGE) == heap + 8 * PAGE && raw_brk(heap + 5 * PAGE + 1) == heap + 8 * PAGE);
    EXPECT(raw_brk(heap + 7 * PAGE + 1) == heap + 7 * PAGE + 1);  // in the same page: nothing to release
    EXPECT(raw_brk(heap + 3 * PAGE) == heap + 3 * PAGE);          // one page of it is there
    EXPECT(raw_brk(heap + 8 * PAGE) == heap + 8 * PAGE && is_zero(heap + 3 * PAGE, 5));
}

TEST(a_page_stays_free_above_it) {
    char* heap = heap_of(1);
    char* above = heap + 8 * PAGE;
    EXPECT(mmap(above, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) == above);
    EXPECT(raw_brk(above) == heap + PAGE && raw_brk(above - PAGE + 1) == heap + PAGE);
    EXPECT(raw_brk(above - PAGE) == above - PAGE && raw_brk(above - PAGE + 1) == above - PAGE);
}

TEST(a_limit_that_fell_stops_it_from_shrinking_too_little) {
    char* heap = heap_of(1024);
    limit_data(512 * PAGE);
    EXPECT(raw_brk(heap + 1000 * PAGE) == heap + 1024 * PAGE);
    EXPECT(raw_brk(heap + 1024 * PAGE - 1) == heap + 1024 * PAGE);
    EXPECT(raw_brk(heap + PAGE) == heap + PAGE);
}

// Moves the break up and down until the process ends.
void move_the_break(char* heap) {
    for (size_t round = 0;; round++) {
        size_t pages = 1 + round % 17;
        char* end = heap + pages * PAGE - round % 2;
        EXPECT(raw_brk(end) == end);
        end[-1] = 1;
    }
}

// A child that is forked while another thread moves the break has as many pages as its break says. (Linux reads the break
// before it takes the lock of the mappings: there the two may differ.)
TEST(a_fork_sees_the_break_before_or_after) {
    char* heap = heap_of(1);
    Thread mover([=] { move_the_break(heap); });
    for (int i = 0; i < 60; i++) {
        int ended = child([=] {
            char* end = raw_brk(nullptr);
            EXPECT(end >= heap);
            for (char* at = heap; at < end; at += PAGE) *at = 2;
            if (raw_brk(heap) != heap || raw_brk(end) != end || (end > heap && end[-1] != 0)) _exit(1);
        });
        EXPECT(ended == 0 || !is_astrolabe());
        sched_yield();
    }
    _exit(0);
}

TEST(maps_can_be_read_while_it_moves) {
    static char text[1 << 16];  // malloc would meet the break
    char* heap = heap_of(1);
    Thread mover([=] { move_the_break(heap); });
    for (int i = 0; i < 150; i++) {
        int fd = open("/proc/self/maps", O_RDONLY);
        size_t size = 0;
        for (ssize_t count; (count = read(fd, text + size, sizeof(text) - 1 - size)) > 0;) size += static_cast<size_t>(count);
        close(fd);
        text[size] = 0;
        EXPECT(size > 0 && text[size - 1] == '\n' && strstr(text, "[stack]"));
        unsigned long low, high, before = 0;
        for (char* line = text; *line; line = strchr(line, '\n') + 1) {
            EXPECT(sscanf(line, "%lx-%lx", &low, &high) == 2 && before <= low && low < high);
            before = high;
        }
        sched_yield();
    }
    _exit(0);
}

TEST(two_threads_move_it_one_after_the_other) {
    char* heap = heap_of(4);
    auto mover = [=] {
        for (int i = 0; i < 2000; i++) {
            char* end = raw_brk(heap + (1 + i % 5) * PAGE);
            EXPECT(end >= heap + PAGE && end <= heap + 5 * PAGE);
        }
    };
    Thread first(mover), second(mover);
    first.join();
    second.join();
    EXPECT(raw_brk(heap + 2 * PAGE) == heap + 2 * PAGE);
    memset(heap, 1, 2 * PAGE);
    EXPECT(child_reading(heap + 2 * PAGE) == -SIGSEGV);
    _exit(0);  // what is left of the threads would be freed into a heap that moved
}

}  // namespace
