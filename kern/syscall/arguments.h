// What a family of system calls needs: its table, and what several take and give: a descriptor, a time.
#pragma once

#include "dev/board.h"
#include "fs/tree.h"
#include "mm/user_copy.h"
#include "process/process_tree.h"
#include "syscall/table.h"

// FILES

inline constexpr int AT_FDCWD = -100;
inline constexpr int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400,
                     AT_EMPTY_PATH = 0x1000;

inline ProcessFiles& files() { return current_process().files; }
inline Result<Ref<File>> get_file(int fd) { return files().table.get(fd); }  // EBADF

// TIMES

inline constexpr uint64_t NS_PER_SECOND = 1'000'000'000;

// Seconds and a fraction of one: struct timespec, and struct timeval.
template <uint64_t UNIT_NS>
struct UserTime {
    int64_t seconds = 0, fraction = 0;

    static UserTime of(uint64_t ns) {
        return {static_cast<int64_t>(ns / NS_PER_SECOND), static_cast<int64_t>(ns % NS_PER_SECOND / UNIT_NS)};
    }
    // In nanoseconds; centuries ahead count as for ever (INT64_MAX). EINVAL.
    Result<uint64_t> ns() const {
        auto whole = static_cast<uint64_t>(seconds), part = static_cast<uint64_t>(fraction);
        if (seconds < 0 || part >= NS_PER_SECOND / UNIT_NS) return fail(Errno::EINVAL);
        return whole < INT64_MAX / NS_PER_SECOND ? whole * NS_PER_SECOND + part * UNIT_NS : INT64_MAX;
    }
};
using Timespec = UserTime<1>;
using Timeval = UserTime<1000>;

// Reads a time from the program, ns. EFAULT, EINVAL.
inline Result<uint64_t> read_timespec(VirtAddr from) { return TRY(read_user<Timespec>(from)).ns(); }
// That time from now on; a null pointer: NEVER.
inline Result<uint64_t> read_deadline(VirtAddr from) {
    return from.value ? arch::now_ns() + TRY(read_timespec(from)) : NEVER;
}
// What is left until then.
inline uint64_t time_until(uint64_t deadline) {
    uint64_t now = arch::now_ns();
    return deadline > now ? deadline - now : 0;
}

// struct rusage: the processor time, by program and kernel; the rest of it, 14 words, is 0. EFAULT.
inline Result<> write_usage(VirtAddr to, CpuTime time) {
    return write_user(to, std::array<Timeval, 9>{Timeval::of(time.user_ns), Timeval::of(time.kernel_ns)});
}

// A time of the wall clock as one since power-on; 0: it is past.
inline uint64_t deadline_of_wall_clock(uint64_t time) {
    uint64_t wall = dev::wall_clock_ns();
    return time > wall ? arch::now_ns() + (time - wall) : 0;
}
