// System calls on processes: starting, ending and waiting for them, who they are.
#include "mm/user_copy.h"
#include "process/futex.h"
#include "process/lifecycle.h"
#include "syscall/table.h"
#include "syscall/timespec.h"

namespace kern {

namespace {

Process& self() { return current_process(); }

// STARTING AND ENDING

Result<int> sys_clone(uint64_t flags, VirtAddr stack, VirtAddr parent_tid, VirtAddr tls, VirtAddr child_tid) {
    return clone({static_cast<uint32_t>(flags), stack, parent_tid, tls, child_tid});
}

// What clone3(2) is told.
struct CloneArgs {
    uint64_t flags, pidfd;
    VirtAddr child_tid, parent_tid;
    uint64_t exit_signal;
    VirtAddr stack;
    uint64_t stack_size;
    VirtAddr tls;
    uint64_t set_tid, set_tid_size, cgroup;  // a program made before these were added passes less
};

// EINVAL also for what only this call can ask for: a descriptor of the child, its numbers, its cgroup.
Result<int> sys_clone3(VirtAddr arguments, size_t size) {
    CloneArgs wanted = {};
    if (size < offsetof(CloneArgs, set_tid)) return fail(Errno::EINVAL);
    if (size > sizeof(wanted)) return fail(Errno::E2BIG);
    TRY(read_user(std::as_writable_bytes(std::span(&wanted, 1)).first(size), arguments));
    bool asks_for_more = wanted.set_tid || wanted.set_tid_size || wanted.cgroup;
    bool misplaced = wanted.flags & (clone_flag::EXIT_SIGNAL | clone_flag::DETACHED);
    uint64_t last_signal = wanted.flags & clone_flag::THREAD ? 0 : SIGNAL_COUNT;
    bool half_a_stack = !wanted.stack.value != !wanted.stack_size;
    if (asks_for_more || misplaced || half_a_stack || wanted.exit_signal > last_signal) return fail(Errno::EINVAL);
    return clone({.flags = wanted.flags | wanted.exit_signal, .stack = wanted.stack + wanted.stack_size,
                  .parent_tid = wanted.parent_tid, .tls = wanted.tls, .child_tid = wanted.child_tid});
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

Result<> sys_execve(VirtAddr path_text, VirtAddr argv_array, VirtAddr envp_array) {
    String path = TRY(read_user_path(path_text));
    ArgBlock argv = TRY(read_strings(argv_array));
    ArgBlock envp = TRY(read_strings(envp_array));
    return exec(path.view(), std::move(argv), std::move(envp));
}

Result<> sys_exit(int code) { exit_thread(exited_status(code)); }
Result<> sys_exit_group(int code) { exit_process(exited_status(code)); }

// WAITING

constexpr uint32_t WAIT_OPTIONS = wait_option::NO_HANG | wait_option::STOPPED | wait_option::CONTINUED |
                                  wait_option::NO_THREAD | wait_option::ALL | wait_option::CLONE;

// Group 0 is the caller's.
Result<ProcessTree::Change> wait_for(WaitTarget::Kind kind, int id, uint32_t options, VirtAddr usage) {
    if (kind == WaitTarget::Kind::group && id == 0) id = lock_process_tree()->group(self());
    auto change = TRY(wait_for_child({kind, id}, options));
    if (change.pid && usage.value) TRY(write_usage(usage, change.time));
    return change;
}

Result<int> sys_wait4(int id, VirtAddr status, uint32_t options, VirtAddr usage) {
    using Kind = WaitTarget::Kind;
    if (options & ~WAIT_OPTIONS) return fail(Errno::EINVAL);
    if (id == INT32_MIN) return fail(Errno::ESRCH);
    Kind kind = id == -1 ? Kind::any : id > 0 ? Kind::process : Kind::group;
    auto change = TRY(wait_for(kind, id > 0 ? id : -id, options | wait_option::EXITED, usage));
    if (change.pid && status.value) TRY(write_user(status, change.wait_status));
    return change.pid;
}

Result<> sys_waitid(uint32_t kind, int id, VirtAddr info, uint32_t options, VirtAddr usage) {
    using namespace wait_option;
    if ((options & ~(WAIT_OPTIONS | EXITED | NO_WAIT)) || !(options & (STOPPED | EXITED | CONTINUED)))
        return fail(Errno::EINVAL);
    bool is_process = kind == static_cast<uint32_t>(WaitTarget::Kind::process);
    if (kind > static_cast<uint32_t>(WaitTarget::Kind::group) || id < is_process) return fail(Errno::EINVAL);
    auto change = TRY(wait_for(static_cast<WaitTarget::Kind>(kind), id, options, usage));
    SignalInfo told = change.pid ? SignalInfo::of_child(change.pid, change.wait_status) : SignalInfo();
    return info.value ? write_user(info, told) : Result<>();
}

// WHO

int sys_getpid() { return self().pid(); }
int sys_gettid() { return current_user_thread().tid(); }
int sys_getppid() { return self().parent_pid(); }

// getpgid(2), getsid(2)
template <int (ProcessTree::*id)(Process&) const>
Result<int> sys_id_of(int pid) {
    Ref<Process> process = TRY(find_process(pid));
    return ((*lock_process_tree()).*id)(*process);
}

Result<> sys_setpgid(int pid, int group) {
    if (group < 0) return fail(Errno::EINVAL);
    Ref<Process> process = TRY(find_process(pid));
    return lock_process_tree()->set_group(*process, group ? group : process->pid());
}

Result<int> sys_setsid() {
    TRY(lock_process_tree()->start_session(self()));
    return self().pid();
}

// Everyone is root, and stays it: setuid(2) and its kin may say so, for each of up to three ids (-1: no change).
template <typename... Ids>
Result<> sys_set_ids(Ids... ids) {
    return ((ids == 0 || (ids == -1 && sizeof...(ids) > 1)) && ...) ? Result<>() : fail(Errno::EPERM);
}
Result<> sys_getresid(VirtAddr real, VirtAddr effective, VirtAddr saved) {
    for (VirtAddr id : {real, effective, saved}) TRY(write_user(id, uint32_t{0}));
    return {};
}

Result<int> sys_set_tid_address(VirtAddr address) {
    current_user_thread().clear_child_tid = address;
    return current_user_thread().tid();
}

constexpr uint64_t ROBUST_HEAD_SIZE = 24;

Result<> sys_set_robust_list(VirtAddr head, uint64_t size) {
    if (size != ROBUST_HEAD_SIZE) return fail(Errno::EINVAL);
    current_user_thread().robust_list = head;
    return {};
}

Result<> sys_get_robust_list(int tid, VirtAddr head, VirtAddr size) {
    auto tree = lock_process_tree();
    UserThread* thread = tid ? tree->find_thread(tid) : &current_user_thread();
    if (!thread) return fail(Errno::ESRCH);
    VirtAddr found = thread->robust_list;
    tree.unlock();
    TRY(write_user(size, ROBUST_HEAD_SIZE));
    return write_user(head, found);
}

uint32_t sys_personality(uint32_t wanted) {
    constexpr uint32_t QUERY = 0xffff'ffff;
    uint32_t old = self().personality.load();
    if (wanted != QUERY) self().personality.store(wanted);
    return old;
}

// Of its many options, those on the name.
Result<> sys_prctl(int option, VirtAddr argument) {
    constexpr int SET_NAME = 15, GET_NAME = 16;
    if (option == GET_NAME) {
        CommandName name = self().lock()->name;
        return write_user(argument, name);
    }
    if (option != SET_NAME) return fail(Errno::EINVAL);
    auto name = TRY(read_user<CommandName>(argument));
    name.back() = 0;
    self().lock()->name = name;
    return {};
}

// FUTEXES. See futex(2).

namespace futex_op {
enum : uint32_t { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };
}

// The end of a wait: after `timeout` for FUTEX_WAIT, at it for FUTEX_WAIT_BITSET, by one of two clocks.
Result<uint64_t> futex_deadline(uint32_t op, VirtAddr timeout) {
    if (!timeout.value) return NEVER;
    uint64_t time = TRY(read_timespec(timeout));
    uint64_t relative = current_user_thread().deadline_in(time);
    if ((op & ~(futex_op::PRIVATE | futex_op::REALTIME)) == futex_op::WAIT) return relative;
    return op & futex_op::REALTIME ? deadline_of_wall_clock(time) : time;
}

Result<unsigned> sys_futex(VirtAddr address, uint32_t op, uint32_t value, VirtAddr timeout, VirtAddr second,
                           uint32_t value3) {
    uint32_t command = op & ~(futex_op::PRIVATE | futex_op::REALTIME);
    bool is_private = op & futex_op::PRIVATE, is_wait = command == futex_op::WAIT || command == futex_op::WAIT_BITSET;
    FutexWord word{address, is_private};
    uint64_t deadline = is_wait ? TRY(futex_deadline(op, timeout)) : NEVER;
    auto moved = static_cast<int>(timeout.value);
    if ((op & futex_op::REALTIME) && command != futex_op::WAIT_BITSET) return fail(Errno::ENOSYS);
    uint32_t bits = command == futex_op::WAIT_BITSET || command == futex_op::WAKE_BITSET ? value3 : ANY_BIT;
    if (!bits) return fail(Errno::EINVAL);
    switch (command) {
    case futex_op::WAIT:
    case futex_op::WAIT_BITSET:
        TRY(futex_wait(word, value, bits, deadline));
        return 0;
    case futex_op::WAKE:
    case futex_op::WAKE_BITSET:
        return futex_wake(word, static_cast<unsigned>(std::max(static_cast<int>(value), 1)), bits);
    case futex_op::CMP_REQUEUE:
    case futex_op::REQUEUE:
        if (static_cast<int>(value) < 0 || moved < 0) return fail(Errno::EINVAL);
        if (command == futex_op::CMP_REQUEUE && TRY(read_user<uint32_t>(address)) != value3) return fail(Errno::EAGAIN);
        return futex_requeue(word, {second, is_private}, value, static_cast<unsigned>(moved));
    default:
        return fail(Errno::ENOSYS);
    }
}

constexpr Syscall CALLS[] = {
    {92, "personality", call<sys_personality>}, {93, "exit", call<sys_exit>}, {94, "exit_group", call<sys_exit_group>},
    {95, "waitid", call<sys_waitid>}, {96, "set_tid_address", call<sys_set_tid_address>},
    {98, "futex", call<sys_futex>}, {99, "set_robust_list", call<sys_set_robust_list>},
    {100, "get_robust_list", call<sys_get_robust_list>}, {143, "setregid", call<sys_set_ids<int, int>>},
    {144, "setgid", call<sys_set_ids<int>>}, {145, "setreuid", call<sys_set_ids<int, int>>},
    {146, "setuid", call<sys_set_ids<int>>}, {147, "setresuid", call<sys_set_ids<int, int, int>>},
    {148, "getresuid", call<sys_getresid>}, {149, "setresgid", call<sys_set_ids<int, int, int>>},
    {150, "getresgid", call<sys_getresid>}, {151, "setfsuid", zero}, {152, "setfsgid", zero},
    {154, "setpgid", call<sys_setpgid>}, {155, "getpgid", call<sys_id_of<&ProcessTree::group>>},
    {156, "getsid", call<sys_id_of<&ProcessTree::session>>}, {157, "setsid", call<sys_setsid>},
    {158, "getgroups", zero}, {159, "setgroups", call<sys_set_ids<int>>}, {167, "prctl", call<sys_prctl>},
    {172, "getpid", call<sys_getpid>}, {173, "getppid", call<sys_getppid>}, {174, "getuid", zero},
    {175, "geteuid", zero}, {176, "getgid", zero}, {177, "getegid", zero}, {178, "gettid", call<sys_gettid>},
    {220, "clone", call<sys_clone>}, {221, "execve", call<sys_execve>}, {260, "wait4", call<sys_wait4>},
    {435, "clone3", call<sys_clone3>},
};

}  // namespace

constinit const std::span<const Syscall> PROCESS_SYSCALLS = CALLS;

}  // namespace kern
