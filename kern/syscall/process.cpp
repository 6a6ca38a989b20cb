// System calls on processes: starting, ending and waiting for them, who they are.
#include "process/futex.h"
#include "process/lifecycle.h"
#include "syscall/arguments.h"

static Process& self() { return current_process(); }

// STARTING AND ENDING

static Result<int> sys_clone(uint64_t flags, VirtAddr stack, VirtAddr parent_tid, VirtAddr tls, VirtAddr child_tid) {
    constexpr uint64_t EXIT_SIGNAL = 0xff;
    return clone({.flags = flags & UINT32_MAX & ~EXIT_SIGNAL, .child_tid = child_tid, .parent_tid = parent_tid,
                  .exit_signal = flags & EXIT_SIGNAL, .stack = stack, .tls = tls});
}

static Result<int> sys_clone3(VirtAddr arguments, size_t size) {
    CloneRequest request;
    if (size < offsetof(CloneRequest, set_tid)) return fail(Errno::EINVAL);
    if (size > sizeof(request)) return fail(Errno::E2BIG);
    TRY(read_user(std::as_writable_bytes(std::span(&request, 1)).first(size), arguments));
    bool half_a_stack = !request.stack.value != !request.stack_size, old_flag = request.flags & clone_flag::DETACHED;
    return half_a_stack || old_flag ? fail(Errno::EINVAL) : clone(request);
}

// A NULL-terminated array of strings; a null array is an empty one. E2BIG, EFAULT.
static Result<ArgBlock> read_strings(VirtAddr array) {
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

static Result<> sys_execve(VirtAddr path_text, VirtAddr argv_array, VirtAddr envp_array) {
    String path = TRY(read_user_path(path_text));
    ArgBlock argv = TRY(read_strings(argv_array));
    ArgBlock envp = TRY(read_strings(envp_array));
    return exec(path.view(), std::move(argv), std::move(envp));
}

static void sys_exit(int code) { exit_thread(exited_status(code)); }
static void sys_exit_group(int code) { exit_process(exited_status(code)); }

// WAITING

constexpr uint32_t WAIT_OPTIONS = wait_option::NO_HANG | wait_option::STOPPED | wait_option::CONTINUED |
                                  wait_option::NO_THREAD | wait_option::ALL | wait_option::CLONE;

// Group 0 is the caller's. With NO_HANG, pid 0 says that nothing is new yet.
static Result<ProcessTree::Change> wait_for(WaitFor kind, int id, uint32_t options, VirtAddr usage) {
    if (kind == WaitFor::group && id == 0) id = lock_process_tree()->group(self());
    auto look = [&] { return lock_process_tree()->take_change(self(), kind, id, options); };
    auto found = options & wait_option::NO_HANG ? look() : TRY(self().events.wait_until(look));
    if (!found) return ProcessTree::Change();
    auto change = TRY(std::move(*found));
    if (usage.value) TRY(write_usage(usage, change.time));
    return change;
}

static Result<int> sys_wait4(int id, VirtAddr status, uint32_t options, VirtAddr usage) {
    if (options & ~WAIT_OPTIONS) return fail(Errno::EINVAL);
    if (id == INT32_MIN) return fail(Errno::ESRCH);
    WaitFor kind = id == -1 ? WaitFor::any : id > 0 ? WaitFor::process : WaitFor::group;
    auto change = TRY(wait_for(kind, id > 0 ? id : -id, options | wait_option::EXITED, usage));
    if (change.pid && status.value) TRY(write_user(status, change.wait_status));
    return change.pid;
}

static Result<> sys_waitid(WaitFor kind, int id, VirtAddr info, uint32_t options, VirtAddr usage) {
    using namespace wait_option;
    if ((options & ~(WAIT_OPTIONS | EXITED | NO_WAIT)) || !(options & (STOPPED | EXITED | CONTINUED)))
        return fail(Errno::EINVAL);
    if (kind > WaitFor::group || id < (kind == WaitFor::process)) return fail(Errno::EINVAL);
    auto change = TRY(wait_for(kind, id, options, usage));
    SignalInfo told = change.pid ? SignalInfo::of_child(change.pid, change.wait_status) : SignalInfo();
    return info.value ? write_user(info, told) : Result<>();
}

// WHO

static int sys_getpid() { return self().pid(); }
static int sys_gettid() { return current_user_thread().tid(); }
static int sys_getppid() { return self().parent_pid(); }

// getpgid(2), getsid(2)
template <int (ProcessTree::*id)(Process&) const>
static Result<int> sys_id_of(int pid) {
    Ref<Process> process = TRY(find_process(pid));
    return ((*lock_process_tree()).*id)(*process);
}

static Result<> sys_setpgid(int pid, int group) {
    if ((group ? group : pid) < 0) return fail(Errno::EINVAL);
    Ref<Process> process = TRY(find_process(pid));
    return lock_process_tree()->set_group(*process, group ? group : process->pid());
}

static Result<int> sys_setsid() {
    TRY(lock_process_tree()->start_session(self()));
    return self().pid();
}

static Result<> sys_set_id(uint32_t id) { return id ? fail(Errno::EPERM) : Result<>(); }  // setuid(2), setgid(2)

static Result<int> sys_set_tid_address(VirtAddr address) {
    current_user_thread().clear_child_tid = address;
    return current_user_thread().tid();
}

static Result<> sys_set_robust_list(VirtAddr head, uint64_t size) {
    constexpr uint64_t HEAD_SIZE = 24;  // struct robust_list_head
    if (size != HEAD_SIZE) return fail(Errno::EINVAL);
    current_user_thread().robust_list = head;
    return {};
}

// Of its many options, those on the name.
static Result<> sys_prctl(int option, VirtAddr argument) {
    constexpr int SET_NAME = 15, GET_NAME = 16;
    if (option != SET_NAME && option != GET_NAME) return fail(Errno::EINVAL);
    CommandName name = option == SET_NAME ? TRY(read_user<CommandName>(argument)) : self().lock()->name;
    if (option == GET_NAME) return write_user(argument, name);
    name.back() = 0;
    self().lock()->name = name;
    return {};
}

// Returns the one there was. All is remembered; ADDR_NO_RANDOMIZE means something here.
static uint32_t sys_personality(uint32_t wanted) {
    auto state = self().lock();
    return wanted == UINT32_MAX ? state->personality : std::exchange(state->personality, wanted);
}

// FUTEXES. See futex(2).

namespace futex_op {
enum : uint32_t { WAIT, WAKE, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };
}

// The end of a wait: after `timeout` for FUTEX_WAIT, at it for FUTEX_WAIT_BITSET, by one of two clocks.
static Result<uint64_t> futex_deadline(uint32_t op, VirtAddr timeout) {
    if (!timeout.value) return NEVER;
    uint64_t time = TRY(read_timespec(timeout));
    if ((op & ~futex_op::PRIVATE) == futex_op::WAIT) return current_user_thread().deadline_in(time);
    return op & futex_op::REALTIME ? deadline_of_wall_clock(time) : time;
}

static Result<unsigned> sys_futex(VirtAddr address, uint32_t op, int value, VirtAddr timeout, VirtAddr, uint32_t bitset) {
    using namespace futex_op;
    uint32_t command = op & ~(PRIVATE | REALTIME);
    bool waits = command == WAIT || command == WAIT_BITSET, wakes = command == WAKE || command == WAKE_BITSET;
    FutexWord word{address, (op & PRIVATE) != 0};
    uint64_t deadline = waits ? TRY(futex_deadline(op, timeout)) : NEVER;
    if ((!waits && !wakes) || ((op & REALTIME) && command != WAIT_BITSET)) return fail(Errno::ENOSYS);
    uint32_t bits = command == WAIT_BITSET || command == WAKE_BITSET ? bitset : ANY_BIT;
    if (!bits) return fail(Errno::EINVAL);
    if (waits) return TRY(futex_wait(word, static_cast<uint32_t>(value), bits, deadline)), 0u;
    return futex_wake(word, static_cast<unsigned>(std::max(value, 1)), bits);
}

constinit const SyscallFamily PROCESS_SYSCALLS = {
    SYSCALL(92, personality), SYSCALL(93, exit), SYSCALL(94, exit_group), SYSCALL(95, waitid), SYSCALL(96, set_tid_address),
    SYSCALL(98, futex), SYSCALL(99, set_robust_list), SYSCALL(154, setpgid), SYSCALL(157, setsid), SYSCALL(167, prctl),
    {155, "getpgid", call<sys_id_of<&ProcessTree::group>>}, {156, "getsid", call<sys_id_of<&ProcessTree::session>>},
    {144, "setgid", call<sys_set_id>}, {146, "setuid", call<sys_set_id>}, {159, "setgroups", zero},
    {158, "getgroups", zero}, SYSCALL(172, getpid), SYSCALL(173, getppid), {174, "getuid", zero}, {175, "geteuid", zero},
    {176, "getgid", zero}, {177, "getegid", zero}, SYSCALL(178, gettid), SYSCALL(220, clone), SYSCALL(221, execve),
    SYSCALL(260, wait4), SYSCALL(435, clone3),
};
