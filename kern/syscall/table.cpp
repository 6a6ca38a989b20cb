#include "syscall/table.h"

#include "process/process.h"

namespace {

constexpr size_t TABLE_SIZE = 512;
constinit SyscallHandler handlers[TABLE_SIZE];
Atomic<uint64_t> reported[TABLE_SIZE / 64];

// Says once a number which call a program missed.
Result<uint64_t> unknown(uint64_t number) {
    if constexpr (DEBUG_BUILD) {
        uint64_t bit = uint64_t{1} << (number % 64);
        if (number < TABLE_SIZE && !(reported[number / 64].fetch_or(bit) & bit))
            print("{}[{}]: system call {} is not supported\n", current_process().lock()->name.data(),
                  current_process().pid(), number);
    }
    return fail(Errno::ENOSYS);
}

}  // namespace

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
