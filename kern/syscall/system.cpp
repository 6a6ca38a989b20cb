// System calls on what processes are given, and on the machine as a whole.
#include "fs/devfs.h"
#include "fs/mount.h"
#include "mm/user_copy.h"
#include "process/process_tree.h"
#include "syscall/table.h"

namespace kern {

namespace {

// LIMITS

// Those that bind the space or the descriptors take effect at once.
Result<> sys_prlimit64(int pid, uint32_t number, VirtAddr wanted, VirtAddr old) {
    if (number >= static_cast<uint32_t>(Resource::count)) return fail(Errno::EINVAL);
    auto resource = static_cast<Resource>(number);
    Limit value = wanted.value ? TRY(read_user<Limit>(wanted)) : Limit();
    if (value.current > value.maximum) return fail(Errno::EINVAL);
    if (wanted.value && resource == Resource::files && value.maximum > FdTable::MOST) return fail(Errno::EPERM);
    Ref<Process> process = TRY(find_process(pid));
    auto state = process->lock();
    Limit before = state->limits[resource];
    if (wanted.value) state->limits[resource] = value;
    Limits limits = state->limits;
    state.unlock();
    process->files.table.set_limit(limits[Resource::files].current);
    if (Ref<Vmar> vmar = process->lock_vmar().dup_vmar()) vmar->set_limits(limits.vm());
    return old.value ? write_user(old, before) : Result<>();
}

// SCHEDULING. There is one way to share the harts: taking turns, SCHED_OTHER.

// ESRCH. 0 means the caller.
Result<> find_thread(int tid) {
    return tid == 0 || lock_process_tree()->find_thread(tid) ? Result<>() : fail(Errno::ESRCH);
}

int sys_sched_yield() {
    Scheduler::yield();
    return 0;
}

// One bit for each hart; returns the bytes written.
Result<size_t> sys_sched_getaffinity(int tid, uint32_t size, VirtAddr mask) {
    if (size < sizeof(uint64_t) || size % sizeof(uint64_t)) return fail(Errno::EINVAL);
    TRY(find_thread(tid));
    TRY(write_user(mask, (uint64_t{1} << Scheduler::hart_count()) - 1));
    return sizeof(uint64_t);
}

// Any hart will do, as long as it exists: threads go where there is room.
Result<> sys_sched_setaffinity(int tid, uint32_t size, VirtAddr mask) {
    uint64_t harts = 0;
    TRY(read_user(std::as_writable_bytes(std::span(&harts, 1)).first(std::min<size_t>(size, sizeof(harts))), mask));
    TRY(find_thread(tid));
    return harts & ((uint64_t{1} << Scheduler::hart_count()) - 1) ? Result<>() : fail(Errno::EINVAL);
}

constexpr int OTHER = 0, FIFO = 1, ROUND_ROBIN = 2, BATCH = 3, IDLE = 5;

Result<int> priority_limit(int policy, int real_time) {
    if (policy == FIFO || policy == ROUND_ROBIN) return real_time;
    return policy == OTHER || policy == BATCH || policy == IDLE ? Result<int>(0) : fail(Errno::EINVAL);
}
Result<int> sys_sched_get_priority_max(int policy) { return priority_limit(policy, 99); }
Result<int> sys_sched_get_priority_min(int policy) { return priority_limit(policy, 1); }

Result<> sys_sched_getscheduler(int tid) { return find_thread(tid); }  // OTHER, which is 0

Result<> sys_sched_getparam(int tid, VirtAddr priority) {
    TRY(find_thread(tid));
    return write_user(priority, int{0});
}

Result<> sys_sched_setscheduler(int tid, int policy, VirtAddr priority) {
    int wanted = TRY(read_user<int>(priority)), least = TRY(priority_limit(policy, 1));
    TRY(find_thread(tid));
    if (least) return fail(wanted >= 1 && wanted <= 99 ? Errno::EPERM : Errno::EINVAL);
    return wanted == 0 ? Result<>() : fail(Errno::EINVAL);
}
Result<> sys_sched_setparam(int tid, VirtAddr priority) { return sys_sched_setscheduler(tid, OTHER, priority); }

Result<> sys_getcpu(VirtAddr hart, VirtAddr node) {
    if (hart.value) TRY(write_user(hart, arch::this_hart().index));
    return node.value ? write_user(node, uint32_t{0}) : Result<>();
}

// THE MACHINE

Result<> sys_uname(VirtAddr to) {
    constexpr size_t LENGTH = 65;
    constexpr std::string_view FIELDS[] = {"Linux",        "astrolabe", "6.12.0-astrolabe",
                                           "#1 Astrolabe", "riscv64",   "(none)"};
    char fields[std::size(FIELDS)][LENGTH] = {};
    for (size_t i = 0; i < std::size(FIELDS); i++) FIELDS[i].copy(fields[i], LENGTH - 1);
    return write_user(to, fields);
}

struct SystemInfo {  // struct sysinfo
    int64_t uptime;
    uint64_t loads[3];
    uint64_t total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
    uint16_t processes;
    uint64_t total_high, free_high;
    uint32_t unit;
};
static_assert(sizeof(SystemInfo) == 112);

Result<> sys_sysinfo(VirtAddr to) {
    SystemInfo info = {};
    info.uptime = static_cast<int64_t>(arch::now_ns() / 1'000'000'000);
    info.total_ram = total_frame_count() * PAGE_SIZE;
    info.free_ram = free_frame_count() * PAGE_SIZE;
    info.processes = static_cast<uint16_t>(lock_process_tree()->count());
    info.unit = 1;
    return write_user(to, info);
}

Result<uint64_t> sys_getrandom(VirtAddr to, uint64_t size, uint32_t flags) {
    constexpr uint32_t RANDOM = 2, INSECURE = 4, ALL = 7;
    if ((flags & ~ALL) || (flags & (RANDOM | INSECURE)) == (RANDOM | INSECURE)) return fail(Errno::EINVAL);
    return read_random({to, std::min<uint64_t>(size, INT32_MAX)});
}

// Every way to stop is switching off.
Result<> sys_reboot(uint32_t magic1, uint32_t magic2, uint32_t command) {
    constexpr uint32_t MAGIC1 = 0xfee1'dead, MAGIC2 = 0x2812'1969;  // what C libraries pass
    constexpr uint32_t RESTART = 0x0123'4567, HALT = 0xcdef'0123, POWER_OFF = 0x4321'fedc;
    if (magic1 != MAGIC1 || magic2 != MAGIC2) return fail(Errno::EINVAL);
    if (command != RESTART && command != HALT && command != POWER_OFF) return fail(Errno::EINVAL);
    shut_down_file_systems();
    arch::power_off(0);
}

int sys_riscv_flush_icache() {
    asm volatile("fence.i" ::: "memory");
    return 0;
}

// What C libraries try and can do without.
Result<uint64_t> not_supported(const SyscallArgs&) { return fail(Errno::ENOSYS); }

constexpr Syscall CALLS[] = {
    {118, "sched_setparam", call<sys_sched_setparam>},
    {119, "sched_setscheduler", call<sys_sched_setscheduler>},
    {120, "sched_getscheduler", call<sys_sched_getscheduler>},
    {121, "sched_getparam", call<sys_sched_getparam>},
    {122, "sched_setaffinity", call<sys_sched_setaffinity>},
    {123, "sched_getaffinity", call<sys_sched_getaffinity>},
    {124, "sched_yield", call<sys_sched_yield>},
    {125, "sched_get_priority_max", call<sys_sched_get_priority_max>},
    {126, "sched_get_priority_min", call<sys_sched_get_priority_min>},
    {142, "reboot", call<sys_reboot>},
    {160, "uname", call<sys_uname>},
    {168, "getcpu", call<sys_getcpu>},
    {179, "sysinfo", call<sys_sysinfo>},
    {198, "socket", not_supported},
    {258, "riscv_hwprobe", not_supported},
    {259, "riscv_flush_icache", call<sys_riscv_flush_icache>},
    {261, "prlimit64", call<sys_prlimit64>},
    {278, "getrandom", call<sys_getrandom>},
    {293, "rseq", not_supported},
};

}  // namespace

constinit const std::span<const Syscall> SYSTEM_SYSCALLS = CALLS;

}  // namespace kern
