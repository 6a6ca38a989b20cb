// System calls on time: see clock_gettime(2), nanosleep(2).
#include "dev/board.h"
#include "sched/wait_queue.h"
#include "syscall/table.h"
#include "syscall/timespec.h"

namespace kern {

namespace {

constexpr int CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME = 2, CLOCK_THREAD_CPUTIME = 3,
              CLOCK_REALTIME_COARSE = 5, CLOCK_BOOTTIME = 7, CLOCK_TAI = 11;

bool is_wall_clock(int clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}
bool is_since_boot(int clock) { return CLOCK_MONOTONIC <= clock && clock <= CLOCK_BOOTTIME && !is_wall_clock(clock); }

// What the clock shows, ns. EINVAL. Processor time is not measured: those clocks show the time since power-on.
Result<uint64_t> read_clock(int clock) {
    if (is_wall_clock(clock)) return dev::wall_clock_ns();
    return is_since_boot(clock) ? Result<uint64_t>(arch::now_ns()) : fail(Errno::EINVAL);
}

Result<> sys_clock_gettime(const SyscallArgs& args) {
    return write_user(args.address(1), Timespec::of(TRY(read_clock(args.integer(0)))));
}

Result<> sys_clock_getres(const SyscallArgs& args) {
    TRY(read_clock(args.integer(0)));
    return args[1] ? write_user(args.address(1), Timespec::of(1)) : Result<>();
}

Result<> sys_gettimeofday(const SyscallArgs& args) {
    Timespec now = Timespec::of(dev::wall_clock_ns());
    now.nanoseconds /= 1000;  // struct timeval has microseconds
    if (args[0])
        TRY(write_user(args.address(0), now));
    return args[1] ? write_user(args.address(1), uint64_t{0}) : Result<>();  // struct timezone: Greenwich
}

// Returns ticks since power-on; no processor time is measured, so the four counts are 0.
Result<uint64_t> sys_times(const SyscallArgs& args) {
    constexpr uint64_t NS_PER_TICK = NS_PER_SECOND / 100;
    if (args[0])
        TRY(clear_user(args.address(0), 4 * sizeof(uint64_t)));
    return arch::now_ns() / NS_PER_TICK;
}

// Sleeps until `deadline` (ns since power-on); EINTR leaves what is missing in `*remaining`, if that is there.
Result<> sleep_until(uint64_t deadline, VirtAddr remaining) {
    WaitQueue nobody;
    Errno error = nobody.wait_until([] { return false; }, deadline).error();
    if (error == Errno::ETIMEDOUT) return {};
    if (uint64_t now = arch::now_ns(); remaining.value)
        TRY(write_user(remaining, Timespec::of(deadline > now ? deadline - now : 0)));
    return fail(error);
}

Result<> sys_nanosleep(VirtAddr time, VirtAddr remaining) {
    return sleep_until(arch::now_ns() + TRY(read_timespec(time)), remaining);
}

Result<> sys_clock_nanosleep(const SyscallArgs& args) {
    constexpr uint64_t ABSOLUTE = 1;
    int clock = args.integer(0);
    if (clock == CLOCK_PROCESS_CPUTIME || clock == CLOCK_THREAD_CPUTIME || (args[1] & ~ABSOLUTE))
        return fail(Errno::EINVAL);
    uint64_t now = TRY(read_clock(clock)), time = TRY(read_timespec(args.address(2)));
    if (!(args[1] & ABSOLUTE)) return sleep_until(arch::now_ns() + time, args.address(3));
    return time <= now ? Result<>() : sleep_until(arch::now_ns() + (time - now), {});
}

constexpr Syscall CALLS[] = {
    {101, "nanosleep", call<sys_nanosleep>},         {113, "clock_gettime", plain<sys_clock_gettime>},
    {114, "clock_getres", plain<sys_clock_getres>},   {115, "clock_nanosleep", plain<sys_clock_nanosleep>},
    {169, "gettimeofday", plain<sys_gettimeofday>},   {153, "times", sys_times},
};

}  // namespace

constinit const std::span<const Syscall> TIME_SYSCALLS = CALLS;

}  // namespace kern
