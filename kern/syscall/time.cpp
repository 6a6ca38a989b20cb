// System calls on time: see clock_gettime(2), nanosleep(2).
#include "process/lifecycle.h"
#include "syscall/arguments.h"

constexpr int CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME = 2, CLOCK_THREAD_CPUTIME = 3,
              CLOCK_REALTIME_COARSE = 5, CLOCK_BOOTTIME = 7, CLOCK_TAI = 11;

static bool is_wall_clock(int clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}
static bool is_since_boot(int clock) { return CLOCK_MONOTONIC <= clock && clock <= CLOCK_BOOTTIME && !is_wall_clock(clock); }

// What the clock shows, ns. EINVAL.
static Result<uint64_t> read_clock(int clock) {
    if (is_wall_clock(clock)) return dev::wall_clock_ns();
    if (clock == CLOCK_PROCESS_CPUTIME) return current_process().lock()->cpu_time().ns();
    if (clock == CLOCK_THREAD_CPUTIME) return current_thread().cpu_time().ns();
    return is_since_boot(clock) ? Result<uint64_t>(arch::now_ns()) : fail(Errno::EINVAL);
}

static Result<> sys_clock_gettime(int clock, VirtAddr to) { return write_user(to, Timespec::of(TRY(read_clock(clock)))); }

static Result<> sys_clock_getres(int clock, VirtAddr to) {
    TRY(read_clock(clock));
    return to.value ? write_user(to, Timespec::of(1)) : Result<>();
}

// PROCESSOR TIME

// Returns ticks since power-on.
static Result<uint64_t> sys_times(VirtAddr to) {
    auto state = current_process().lock();
    CpuTime own = state->cpu_time(), children = state->children_time;
    state.unlock();
    uint64_t counts[] = {own.user_ns, own.kernel_ns, children.user_ns, children.kernel_ns};
    for (uint64_t& count : counts) count /= NS_PER_TICK;
    if (to.value) TRY(write_user(to, counts));
    return arch::now_ns() / NS_PER_TICK;
}

static Result<> sys_getrusage(int who, VirtAddr to) {
    constexpr int SELF = 0, CHILDREN = -1, THREAD = 1;
    if (who != SELF && who != CHILDREN && who != THREAD) return fail(Errno::EINVAL);
    auto state = current_process().lock();
    CpuTime time = who == SELF ? state->cpu_time() : who == THREAD ? current_thread().cpu_time() : state->children_time;
    state.unlock();
    return write_usage(to, time);
}

// SLEEPING

// Sleeps until `deadline` (ns since power-on); EINTR leaves what is missing in `*remaining`, if that is there.
static Result<> sleep_until(uint64_t deadline, VirtAddr remaining) {
    WaitQueue nobody;
    Errno error = nobody.wait_until([] { return false; }, std::max<uint64_t>(deadline, 1)).error();  // 0 is AT_ONCE
    if (error == Errno::ETIMEDOUT) return {};
    if (remaining.value) TRY(write_user(remaining, Timespec::of(time_until(deadline))));
    return fail(error);
}

static Result<> sys_clock_nanosleep(int clock, uint32_t flags, VirtAddr time, VirtAddr remaining) {
    constexpr uint32_t ABSOLUTE = 1;
    if (clock == CLOCK_THREAD_CPUTIME) return fail(Errno::EINVAL);
    if (clock == CLOCK_PROCESS_CPUTIME) return fail(Errno::EOPNOTSUPP);
    TRY(read_clock(clock));
    uint64_t ns = TRY(read_timespec(time));
    uint64_t deadline = current_user_thread().deadline_in(ns);
    if (!(flags & ABSOLUTE)) return sleep_until(deadline, remaining);
    return sleep_until(is_wall_clock(clock) ? deadline_of_wall_clock(ns) : ns, {});
}

static Result<> sys_nanosleep(VirtAddr time, VirtAddr left) { return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, time, left); }

// ALARMS. Of the three timers of setitimer(2) the one that runs in real time.

struct TimerValue {  // struct itimerval
    Timeval interval, value;
};

static Result<> write_alarm(VirtAddr to, const Alarm& alarm) {
    uint64_t left = alarm.time == NEVER ? 0 : std::max<uint64_t>(time_until(alarm.time), 1000);
    return write_user(to, TimerValue{Timeval::of(alarm.interval), Timeval::of(left)});
}

static Result<> sys_getitimer(int which, VirtAddr to) {
    return which ? fail(Errno::EINVAL) : write_alarm(to, Alarm(current_process().lock()->alarm));
}

static Result<> sys_setitimer(int which, VirtAddr wanted, VirtAddr old) {
    TimerValue value;
    if (wanted.value) value = TRY(read_user<TimerValue>(wanted));
    uint64_t ns = TRY(value.value.ns()), interval = TRY(value.interval.ns());
    if (which != 0) return fail(Errno::EINVAL);
    Alarm before = set_alarm(current_process(), {ns ? arch::now_ns() + ns : NEVER, interval});
    return old.value ? write_alarm(old, before) : Result<>();
}

constinit const SyscallFamily TIME_SYSCALLS = {
    SYSCALL(101, nanosleep), SYSCALL(102, getitimer), SYSCALL(103, setitimer), SYSCALL(113, clock_gettime),
    SYSCALL(114, clock_getres), SYSCALL(115, clock_nanosleep), SYSCALL(153, times), SYSCALL(165, getrusage),
};
