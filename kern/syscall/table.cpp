#include "syscall/table.h"

#include "process/process.h"

constexpr size_t TABLE_SIZE = 512;
static constinit SyscallHandler handlers[TABLE_SIZE];

// Says which call a program missed, the first time.
static Result<uint64_t> unknown(uint64_t number) {
    if (!DEBUG_BUILD || number >= TABLE_SIZE) return fail(Errno::ENOSYS);
    handlers[number] = fails<Errno::ENOSYS>;
    CommandName name = current_process().lock()->name;
    print("{}[{}]: system call {} is not supported\n", name.data(), current_process().pid(), number);
    return fail(Errno::ENOSYS);
}

void init_syscalls() {
    for (const SyscallFamily& family : {MEMORY_SYSCALLS, PROCESS_SYSCALLS, FILE_SYSCALLS, POLL_SYSCALLS, PATH_SYSCALLS,
                                        SIGNAL_SYSCALLS, TIME_SYSCALLS, SYSTEM_SYSCALLS})
        for (const Syscall& call : family) handlers[call.number] = call.handler;
}

extern "C" void arch::on_user_syscall(TrapFrame& frame) {
    uint64_t number = frame.syscall_number();
    SyscallHandler handler = number < TABLE_SIZE ? handlers[number] : nullptr;
    Result<uint64_t> result = handler ? handler(reinterpret_cast<const SyscallArgs&>(frame.a0)) : unknown(number);
    if (!result && result.error() == Errno::EINTR) current_user_thread().call_was_interrupted = true;
    frame.set_syscall_result(result ? static_cast<int64_t>(*result) : -static_cast<int64_t>(result.error()));
}
