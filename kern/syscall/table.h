// Linux's riscv64 system calls. Each family's file lists its own; table.cpp puts them together.
#pragma once

using SyscallArgs = uint64_t[6];  // the argument registers a0 to a5
// What the user gets in a0: the value, or the negated Errno.
using SyscallHandler = Result<uint64_t> (*)(const SyscallArgs& args);

struct Syscall {
    unsigned number;  // asm-generic/unistd.h
    const char* name;
    SyscallHandler handler;
};

// What a function returns, as the number the user gets.
inline Result<uint64_t> as_number(uint64_t value) { return value; }
inline Result<uint64_t> as_number(VirtAddr address) { return address.value; }
inline Result<uint64_t> as_number(Result<> done) { return TRY(done), 0; }
template <typename T>
Result<uint64_t> as_number(Result<T> result) { return as_number(TRY(result)); }

template <auto function, typename Return, typename... Parameters>
constexpr SyscallHandler handler_of(Return (*)(Parameters...)) {
    return [](const SyscallArgs& args) {
        return [&]<size_t... index>(std::index_sequence<index...>) {
            if constexpr (std::is_void_v<Return>) return function(static_cast<Parameters>(args[index])...), as_number(0);
            else return as_number(function(static_cast<Parameters>(args[index])...));
        }(std::index_sequence_for<Parameters...>());
    };
}

// A handler from a function with parameters of its own: the registers become their types (an int is the lower half of
// one, as the C ABI has it; VirtAddr a user pointer).
template <auto function>
inline constexpr SyscallHandler call = handler_of<function>(function);

// A row of a table:
//
//     Result<> sys_ftruncate(int fd, int64_t size);          SYSCALL(46, ftruncate)
#define SYSCALL(number, name) ::Syscall{number, #name, ::call<sys_##name>}

// Everyone is root, and stays it.
inline Result<uint64_t> zero(const SyscallArgs&) { return 0; }
// What C libraries try and can do without.
template <Errno error>
Result<uint64_t> fails(const SyscallArgs&) { return fail(error); }

using SyscallFamily = std::initializer_list<Syscall>;
extern const SyscallFamily MEMORY_SYSCALLS, PROCESS_SYSCALLS, SIGNAL_SYSCALLS, TIME_SYSCALLS;
extern const SyscallFamily FILE_SYSCALLS, PATH_SYSCALLS, POLL_SYSCALLS;  // descriptors and bytes; what takes a path
extern const SyscallFamily SYSTEM_SYSCALLS;                              // limits, scheduling, the machine

// Fills the table; once, at boot.
void init_syscalls();
