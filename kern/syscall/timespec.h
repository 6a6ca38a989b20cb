// struct timespec, and what the kernel makes of it.
#pragma once

#include "dev/board.h"
#include "mm/user_copy.h"
#include "sched/scheduler.h"

namespace kern {

inline constexpr uint64_t NS_PER_SECOND = 1'000'000'000;

struct Timespec {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;

    static Timespec of(uint64_t ns) {
        return {static_cast<int64_t>(ns / NS_PER_SECOND), static_cast<int64_t>(ns % NS_PER_SECOND)};
    }
};

// struct timeval: the same with microseconds.
struct Timeval {
    int64_t seconds = 0, microseconds = 0;

    static Timeval of(uint64_t ns) {
        return {static_cast<int64_t>(ns / NS_PER_SECOND), static_cast<int64_t>(ns % NS_PER_SECOND / 1000)};
    }
};

// struct rusage: the processor time in it, the rest is 0. EFAULT.
inline Result<> write_usage(VirtAddr to, CpuTime time) {
    struct {
        Timeval user, system;
        uint64_t other[14];
    } usage{Timeval::of(time.user_ns()), Timeval::of(time.kernel_ns()), {}};
    return write_user(to, usage);
}

// Reads a time from the program, in nanoseconds; centuries ahead count as for ever (INT64_MAX). EFAULT, EINVAL.
inline Result<uint64_t> read_timespec(VirtAddr from) {
    auto time = TRY(read_user<Timespec>(from));
    if (time.seconds < 0 || static_cast<uint64_t>(time.nanoseconds) >= NS_PER_SECOND) return fail(Errno::EINVAL);
    if (static_cast<uint64_t>(time.seconds) >= INT64_MAX / NS_PER_SECOND) return INT64_MAX;
    return static_cast<uint64_t>(time.seconds) * NS_PER_SECOND + static_cast<uint64_t>(time.nanoseconds);
}

// A time of the wall clock as one since power-on; 0: it is past.
inline uint64_t deadline_of_wall_clock(uint64_t time) {
    uint64_t wall = dev::wall_clock_ns();
    return time > wall ? arch::now_ns() + (time - wall) : 0;
}

}  // namespace kern
