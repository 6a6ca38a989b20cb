// System calls on processes: starting, ending and waiting for them, who they are.
#include "base/rng.h"
#include "mm/user_copy.h"
#include "process/lifecycle.h"
#include "syscall/table.h"

namespace kern {

namespace {

Process& self() { return current_process(); }

// A process by number; 0 means the caller. ESRCH.
Result<Ref<Process>> process_by_id(int pid) { return find_process(pid == 0 ? self().pid() : pid); }

// STARTING AND ENDING

Result<uint64_t> sys_clone(const SyscallArgs& args) {
    return TRY(clone_process({.flags = args[0], .stack = args.address(1), .parent_tid = args.address(2),
                              .tls = args.address(3), .child_tid = args.address(4)}));
}

// A NULL-terminated array of strings; a null array is an empty one. E2BIG, EFAULT.
Result<ArgBlock> read_strings(VirtAddr array) {
    constexpr size_t MOST_BYTES = 6 << 20;  // no stack takes more
    ArgBlock block;
    for (; array.value; array += sizeof(uint64_t)) {
        VirtAddr string(TRY(read_user<uint64_t>(array)));
        if (!string.value) break;
        TRY(block.push(TRY(read_user_string(string, MAX_LEN_STRING_ARG, Errno::E2BIG)).view()));
        if (block.bytes().size() + block.count() * sizeof(uint64_t) > MOST_BYTES) return fail(Errno::E2BIG);
    }
    return block;
}

Result<> sys_execve(const SyscallArgs& args) {
    String path = TRY(read_user_path(args.address(0)));
    ArgBlock argv = TRY(read_strings(args.address(1)));
    ArgBlock envp = TRY(read_strings(args.address(2)));
    return exec(path.view(), std::move(argv), std::move(envp));
}

Result<uint64_t> sys_exit(const SyscallArgs& args) { exit_process(exited_status(args.integer(0))); }

WaitTarget wait_target(int id) {
    using Kind = WaitTarget::Kind;
    if (id == -1) return {};
    if (id > 0) return {Kind::process, id};
    return {Kind::group, id == 0 ? lock_process_tree()->group(self()) : -id};
}

Result<uint64_t> sys_wait4(const SyscallArgs& args) {
    constexpr uint32_t NOHANG = 1, UNTRACED = 2, CONTINUED = 8, NOTHREAD = 0x2000'0000, ALL = 0x4000'0000, CLONE = 0x8000'0000;
    constexpr size_t RUSAGE_SIZE = 144;
    uint32_t options = static_cast<uint32_t>(args[2]);
    if (options & ~(NOHANG | UNTRACED | CONTINUED | NOTHREAD | ALL | CLONE)) return fail(Errno::EINVAL);
    if (args.integer(0) == INT32_MIN) return fail(Errno::ESRCH);
    auto zombie = TRY(wait_for_child(wait_target(args.integer(0)), options & NOHANG));
    if (!zombie.process) return 0;
    if (args[1])
        TRY(write_user(args.address(1), zombie.wait_status));
    if (args[3])
        TRY(clear_user(args.address(3), RUSAGE_SIZE));
    return zombie.process->pid();
}

// WHO

Result<uint64_t> sys_getpid(const SyscallArgs&) { return self().pid(); }
Result<uint64_t> sys_gettid(const SyscallArgs&) { return current_user_thread().tid(); }
Result<uint64_t> sys_getppid(const SyscallArgs&) { return self().parent_pid(); }

Result<uint64_t> sys_getpgid(const SyscallArgs& args) {
    Ref<Process> process = TRY(process_by_id(args.integer(0)));
    return lock_process_tree()->group(*process);
}

Result<uint64_t> sys_getsid(const SyscallArgs& args) {
    Ref<Process> process = TRY(process_by_id(args.integer(0)));
    return lock_process_tree()->session(*process);
}

Result<> sys_setpgid(const SyscallArgs& args) {
    if (args.integer(1) < 0) return fail(Errno::EINVAL);
    Ref<Process> process = TRY(process_by_id(args.integer(0)));
    auto tree = lock_process_tree();
    if (process.get() != &self() && process->parent_pid() != self().pid()) return fail(Errno::ESRCH);
    if (tree->session(*process) == process->pid() || tree->session(*process) != tree->session(self()))
        return fail(Errno::EPERM);
    tree->set_group(*process, args.integer(1) ? args.integer(1) : process->pid());
    return {};
}

Result<uint64_t> sys_setsid(const SyscallArgs&) {
    auto tree = lock_process_tree();
    if (tree->group(self()) == self().pid()) return fail(Errno::EPERM);
    tree->start_session(self());
    return self().pid();
}

Result<uint64_t> sys_set_tid_address(const SyscallArgs& args) {
    current_user_thread().clear_child_tid = args.address(0);
    return current_user_thread().tid();
}

Result<> sys_set_robust_list(const SyscallArgs& args) {
    constexpr uint64_t HEAD_SIZE = 24;
    return args[1] == HEAD_SIZE ? Result<>() : fail(Errno::EINVAL);
}

Result<uint64_t> sys_personality(const SyscallArgs& args) {
    constexpr uint32_t QUERY = 0xffff'ffff;
    uint32_t old = self().personality.load();
    if (uint32_t wanted = static_cast<uint32_t>(args[0]); wanted != QUERY)
        self().personality.store(wanted);
    return old;
}

// Of its many options, those on the name.
Result<> sys_prctl(const SyscallArgs& args) {
    constexpr int SET_NAME = 15, GET_NAME = 16;
    if (args.integer(0) == GET_NAME) {
        CommandName name = self().lock()->name;
        return write_user(args.address(1), name);
    }
    if (args.integer(0) != SET_NAME) return fail(Errno::EINVAL);
    auto name = TRY(read_user<CommandName>(args.address(1)));
    name.back() = 0;
    self().lock()->name = name;
    return {};
}

// LIMITS

// Those that bind the space or the descriptors take effect at once.
Result<> set_limit(Process& process, Resource resource, Limit wanted) {
    if (wanted.current > wanted.maximum) return fail(Errno::EINVAL);
    if (resource == Resource::files && wanted.maximum > FdTable::MOST) return fail(Errno::EPERM);
    auto state = process.lock();
    state->limits[resource] = wanted;
    Limits limits = state->limits;
    state.unlock();
    process.files.table.set_limit(limits[Resource::files].current);
    if (Ref<Vmar> vmar = process.lock_vmar().dup_vmar())
        vmar->set_limits(limits.vm());
    return {};
}

Result<> sys_prlimit64(const SyscallArgs& args) {
    VirtAddr wanted = args.address(2), old = args.address(3);
    if (args[1] >= static_cast<uint64_t>(Resource::count)) return fail(Errno::EINVAL);
    auto resource = static_cast<Resource>(args[1]);
    Limit value;
    if (wanted.value)
        value = TRY(read_user<Limit>(wanted));
    Ref<Process> process = TRY(process_by_id(args.integer(0)));
    Limit before = process->lock()->limits[resource];
    if (wanted.value)
        TRY(set_limit(*process, resource, value));
    return old.value ? write_user(old, before) : Result<>();
}

// SCHEDULING

Result<uint64_t> sys_sched_yield(const SyscallArgs&) {
    Scheduler::yield();
    return 0;
}

// One bit for each hart; returns the bytes written.
Result<uint64_t> sys_sched_getaffinity(const SyscallArgs& args) {
    TRY(process_by_id(args.integer(0)));
    if (args[1] < sizeof(uint64_t) || args[1] % sizeof(uint64_t)) return fail(Errno::EINVAL);
    TRY(write_user(args.address(2), (uint64_t{1} << Scheduler::hart_count()) - 1));
    return sizeof(uint64_t);
}

// Nobody can wait for a word of memory yet, so there is nobody to wake; a process is one thread.
Result<> sys_futex(const SyscallArgs& args) {
    constexpr uint64_t WAKE = 1, PRIVATE = 128;
    return (args[1] & ~PRIVATE) == WAKE ? Result<>() : fail(Errno::ENOSYS);
}

// THE MACHINE

Result<> sys_uname(const SyscallArgs& args) {
    constexpr size_t LENGTH = 65;
    constexpr std::string_view FIELDS[] = {"Linux", "astrolabe", "6.12.0-astrolabe", "#1 Astrolabe", "riscv64", "(none)"};
    char fields[std::size(FIELDS)][LENGTH] = {};
    for (size_t i = 0; i < std::size(FIELDS); i++)
        FIELDS[i].copy(fields[i], LENGTH - 1);
    return write_user(args.address(0), fields);
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

Result<> sys_sysinfo(const SyscallArgs& args) {
    SystemInfo info = {};
    info.uptime = static_cast<int64_t>(arch::now_ns() / 1'000'000'000);
    info.total_ram = total_frame_count() * PAGE_SIZE;
    info.free_ram = free_frame_count() * PAGE_SIZE;
    info.processes = static_cast<uint16_t>(lock_process_tree()->count());
    info.unit = 1;
    return write_user(args.address(0), info);
}

Result<uint64_t> sys_getrandom(const SyscallArgs& args) {
    constexpr uint64_t RANDOM = 2, INSECURE = 4, ALL = 7;
    if ((args[2] & ~ALL) || (args[2] & (RANDOM | INSECURE)) == (RANDOM | INSECURE)) return fail(Errno::EINVAL);
    uint64_t wanted = std::min<uint64_t>(args[1], INT32_MAX), done = 0;
    std::byte piece[256];
    while (done < wanted && !current_thread().is_interrupted()) {
        std::span part(piece, std::min(wanted - done, sizeof(piece)));
        random_bytes(part);
        if (!write_user(args.address(0) + done, part)) return done ? Result<uint64_t>(done) : fail(Errno::EFAULT);
        done += part.size();
    }
    return done;
}

// Every way to stop is switching off.
Result<uint64_t> sys_reboot(const SyscallArgs& args) {
    constexpr uint32_t MAGIC1 = 0xfee1'dead, MAGIC2 = 0x2812'1969;  // what C libraries pass
    constexpr uint32_t RESTART = 0x0123'4567, HALT = 0xcdef'0123, POWER_OFF = 0x4321'fedc;
    uint32_t command = static_cast<uint32_t>(args[2]);
    if (static_cast<uint32_t>(args[0]) != MAGIC1 || static_cast<uint32_t>(args[1]) != MAGIC2 ||
        (command != RESTART && command != HALT && command != POWER_OFF))
        return fail(Errno::EINVAL);
    arch::power_off(0);
}

Result<uint64_t> sys_riscv_flush_icache(const SyscallArgs&) {
    asm volatile("fence.i" ::: "memory");
    return 0;
}

// What C libraries try and can do without.
Result<uint64_t> not_supported(const SyscallArgs&) { return fail(Errno::ENOSYS); }

constexpr Syscall CALLS[] = {
    {92, "personality", sys_personality},          {93, "exit", sys_exit},
    {94, "exit_group", sys_exit},                  {96, "set_tid_address", sys_set_tid_address},
    {98, "futex", plain<sys_futex>},               {99, "set_robust_list", plain<sys_set_robust_list>},
    {123, "sched_getaffinity", sys_sched_getaffinity}, {124, "sched_yield", sys_sched_yield},
    {142, "reboot", sys_reboot},                   {154, "setpgid", plain<sys_setpgid>},
    {155, "getpgid", sys_getpgid},                 {156, "getsid", sys_getsid},
    {157, "setsid", sys_setsid},                   {158, "getgroups", zero},
    {160, "uname", plain<sys_uname>},              {167, "prctl", plain<sys_prctl>},
    {172, "getpid", sys_getpid},                   {173, "getppid", sys_getppid},
    {174, "getuid", zero},                         {175, "geteuid", zero},
    {176, "getgid", zero},                         {177, "getegid", zero},
    {178, "gettid", sys_gettid},                   {179, "sysinfo", plain<sys_sysinfo>},
    {220, "clone", sys_clone},                     {221, "execve", plain<sys_execve>},
    {258, "riscv_hwprobe", not_supported},         {259, "riscv_flush_icache", sys_riscv_flush_icache},
    {260, "wait4", sys_wait4},                     {261, "prlimit64", plain<sys_prlimit64>},
    {278, "getrandom", sys_getrandom},             {293, "rseq", not_supported},
    {435, "clone3", not_supported},
};

}  // namespace

constinit const std::span<const Syscall> PROCESS_SYSCALLS = CALLS;

}  // namespace kern
