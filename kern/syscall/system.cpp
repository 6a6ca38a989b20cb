// System calls on what processes are given, and on the machine as a whole.
#include "fs/devfs.h"
#include "fs/mount.h"
#include "syscall/arguments.h"

// LIMITS

// Those that bind the space or the descriptors take effect at once.
static Result<> sys_prlimit64(int pid, uint32_t number, VirtAddr wanted, VirtAddr old) {
    if (number >= resource::COUNT) return fail(Errno::EINVAL);
    Limit value = wanted.value ? TRY(read_user<Limit>(wanted)) : Limit();
    if (value.current > value.maximum) return fail(Errno::EINVAL);
    if (wanted.value && number == resource::FILES && value.maximum > FdTable::MOST) return fail(Errno::EPERM);
    Ref<Process> process = TRY(find_process(pid));
    auto state = process->lock();
    Limit before = state->limits[number];
    if (wanted.value) state->limits[number] = value;
    Limits limits = state->limits;
    state.unlock();
    process->files.table.set_limit(limits[resource::FILES].current);
    if (Ref<Vmar> vmar = process->lock_vmar().dup_vmar()) vmar->set_limits(limits.vm());
    return old.value ? write_user(old, before) : Result<>();
}

// One bit for each hart; returns the bytes written.
static Result<size_t> sys_sched_getaffinity(int tid, uint32_t size, VirtAddr mask) {
    if (size < sizeof(uint64_t) || size % sizeof(uint64_t)) return fail(Errno::EINVAL);
    if (tid && !lock_process_tree()->find_thread(tid)) return fail(Errno::ESRCH);
    TRY(write_user(mask, (uint64_t{1} << Scheduler::hart_count()) - 1));
    return sizeof(uint64_t);
}

// Where the caller ran a moment ago. There is one node.
static Result<> sys_getcpu(VirtAddr hart, VirtAddr node) {
    if (hart.value) TRY(write_user(hart, arch::this_hart().index));
    return node.value ? write_user(node, 0u) : Result<>();
}

// THE MACHINE

static Result<> sys_uname(VirtAddr to) {
    constexpr size_t LENGTH = 65;
    constexpr std::string_view FIELDS[] = {"Linux", "astrolabe", "6.12.0-astrolabe", "#1 Astrolabe", "riscv64", "(none)"};
    char fields[std::size(FIELDS)][LENGTH] = {};
    for (size_t i = 0; i < std::size(FIELDS); i++) FIELDS[i].copy(fields[i], LENGTH - 1);
    return write_user(to, fields);
}

// struct sysinfo, all of it words: seconds since power-on, three loads, memory (all, free, shared, in buffers), swap (all,
// free), processes, high memory (all, free), and the unit that memory is counted in.
static Result<> sys_sysinfo(VirtAddr to) {
    uint64_t seconds = arch::now_ns() / NS_PER_SECOND, processes = lock_process_tree()->count();
    const uint64_t words[14] = {seconds, 0, 0, 0, total_frame_count(), free_frame_count(), 0, 0, 0, 0,
                                processes, 0, 0, PAGE_SIZE};
    return write_user(to, words);
}

static Result<uint64_t> sys_getrandom(VirtAddr to, uint64_t size, uint32_t flags) {
    constexpr uint32_t RANDOM = 2, INSECURE = 4, ALL = 7;
    if ((flags & ~ALL) || (flags & (RANDOM | INSECURE)) == (RANDOM | INSECURE)) return fail(Errno::EINVAL);
    return read_random({to, std::min<uint64_t>(size, INT32_MAX)});
}

// Every way to stop is switching off.
static Result<> sys_reboot(uint32_t magic1, uint32_t magic2, uint32_t command) {
    constexpr uint32_t MAGIC1 = 0xfee1'dead, MAGIC2 = 0x2812'1969;  // what C libraries pass
    constexpr uint32_t RESTART = 0x0123'4567, HALT = 0xcdef'0123, POWER_OFF = 0x4321'fedc;
    if (magic1 != MAGIC1 || magic2 != MAGIC2) return fail(Errno::EINVAL);
    if (command != RESTART && command != HALT && command != POWER_OFF) return fail(Errno::EINVAL);
    shut_down_file_systems();
    arch::power_off(0);
}

static void sys_riscv_flush_icache() { asm volatile("fence.i" ::: "memory"); }

constinit const SyscallFamily SYSTEM_SYSCALLS = {
    SYSCALL(123, sched_getaffinity), {124, "sched_yield", call<Scheduler::yield>}, SYSCALL(142, reboot),
    SYSCALL(160, uname), SYSCALL(168, getcpu), SYSCALL(179, sysinfo), SYSCALL(259, riscv_flush_icache), SYSCALL(261, prlimit64),
    SYSCALL(278, getrandom), {198, "socket", fails<Errno::ENOSYS>}, {258, "riscv_hwprobe", fails<Errno::ENOSYS>},
    {293, "rseq", fails<Errno::ENOSYS>},
};
