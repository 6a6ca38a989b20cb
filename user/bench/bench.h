// What the rows of bench measure with, and their functions: each gives the time of one operation, in nanoseconds.
#pragma once

#include <algorithm>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

inline constexpr size_t PAGE = 4096;
inline constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

inline long now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] inline void give_up(const char* what) {
    perror(what);
    exit(1);
}

// The median time of one of `count` operations that round() does; `before` and `after` are not measured.
template <typename Round, typename Before, typename After>
long median(int rounds, int count, Round round, Before before, After after) {
    std::vector<long> times;
    for (int i = 0; i < rounds + 1; i++) {
        before();
        long start = now();
        round();
        long time = now() - start;
        after();
        if (i > 0) times.push_back(time);  // the first one warms up
    }
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[rounds / 2] / count;
}

inline void nothing() {}

constexpr int ROUNDS = 9;

// A short operation, `count` of them at a time.
template <typename Operation, typename Before = void (*)()>
long repeat(int count, Operation operation, Before before = nothing) {
    auto round = [&] {
        for (int i = 0; i < count; i++)
            operation();
    };
    return median(ROUNDS, count, round, before, nothing);
}

inline char* map_pages(size_t pages, int flags = MAP_PRIVATE | MAP_ANONYMOUS, int fd = -1) {
    void* at = mmap(nullptr, pages * PAGE, READ_WRITE, flags, fd, 0);
    if (at == MAP_FAILED) give_up("mmap");
    return static_cast<char*>(at);
}

// repeat() for what makes and unmakes mappings: with none, one, and two mappings more, far away, by turns. The kernel's heap may
// be just so full that each mapping takes a page for it and gives it back: so it is in a third of the rounds at most, and not
// in the median.
template <typename Operation, typename Before = void (*)()>
long repeat_mapping(Operation operation, Before before = nothing) {
    char* const apart = reinterpret_cast<char*>(0x20'0000'0000);
    int turn = 0;
    long time = repeat(100, operation, [&] {
        before();
        munmap(apart, 5 * PAGE);
        for (int i = turn++ % 3; i > 0; i--)
            mmap(apart + i * 2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    });
    munmap(apart, 5 * PAGE);
    return time;
}

inline void touch(volatile char* at, size_t pages) {
    for (size_t i = 0; i < pages; i++)
        at[i * PAGE] = 1;
}

inline char look(volatile const char* at, size_t pages) {
    char sum = 0;
    for (size_t i = 0; i < pages; i++)
        sum += at[i * PAGE];
    return sum;
}

inline void wait_for(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) give_up("fork or waitpid");
    if (status != 0) give_up("a child failed");
}

// THE ROWS

long getppid_();
long map_unmap();
long map_touch_unmap();
long map_touch_unmap_256();
long write_fault();
long read_fault();
long protect_flip();
long protect_signal();
long dontneed_touch();
long signal_();
long brk_touch();
long fork_plain();
long vfork_wait();
long fork_exec();
long fork_1024();
long cow_child();
long cow_owner();
long pipe_round_trip();
long pipe_4096();
long pread_4096();
long file_read_fault();
long file_write_fault();
long open_close();
long thread();

long fork_wait(int rounds = 15);
// Time for so many processes, each of which starts /bin/true 100 times.
long parallel(int workers);
// The rows that depend on the number of mappings; prints them.
void measure_many();
