// Linux's riscv64 system calls. Each family's file lists its own; table.cpp puts them together.
#pragma once

namespace kern {

// The six argument registers. `args.address(1)` reads one as a user pointer, `args.integer(0)` as a C int.
struct SyscallArgs {
    uint64_t registers[6];

    uint64_t operator[](size_t index) const { return registers[index]; }
    VirtAddr address(size_t index) const { return VirtAddr(registers[index]); }
    int integer(size_t index) const { return static_cast<int>(registers[index]); }
};

// What the user gets in a0: the value, or the negated Errno.
using SyscallHandler = Result<uint64_t> (*)(const SyscallArgs& args);

struct Syscall {
    unsigned number;  // asm-generic/unistd.h
    const char* name;
    SyscallHandler handler;
};

// A handler from a function with parameters of its own: the registers become their types (an int is the lower half of
// one, as the C ABI has it; VirtAddr a user pointer), and what it returns becomes the number the user gets.
//
//     Result<> sys_ftruncate(int fd, int64_t size);          {46, "ftruncate", call<sys_ftruncate>}
template <typename Function>
struct SyscallSignature;

template <typename Return, typename... Parameters>
struct SyscallSignature<Return (*)(Parameters...)> {
    static uint64_t number_of(uint64_t value) { return value; }
    static uint64_t number_of(VirtAddr address) { return address.value; }

    template <auto function>
    static Result<uint64_t> handle(const SyscallArgs& args) {
        return [&]<size_t... index>(std::index_sequence<index...>) -> Result<uint64_t> {
            if constexpr (std::is_same_v<Return, Result<>>) {
                TRY(function(static_cast<Parameters>(args[index])...));
                return 0;
            } else if constexpr (requires(Return result) { result.error(); }) {
                return number_of(TRY(function(static_cast<Parameters>(args[index])...)));
            } else {
                return number_of(function(static_cast<Parameters>(args[index])...));
            }
        }(std::index_sequence_for<Parameters...>());
    }
};

template <auto function>
inline constexpr SyscallHandler call = &SyscallSignature<decltype(function)>::template handle<function>;

// The same for a function that takes the registers as they are.
template <Result<> (*function)(const SyscallArgs&)>
Result<uint64_t> plain(const SyscallArgs& args) {
    TRY(function(args));
    return 0;
}
// What is right without being done: root's ids, for one.
inline Result<uint64_t> zero(const SyscallArgs&) { return 0; }

extern const std::span<const Syscall> MEMORY_SYSCALLS;
extern const std::span<const Syscall> PROCESS_SYSCALLS;
extern const std::span<const Syscall> FILE_SYSCALLS;       // descriptors and bytes
extern const std::span<const Syscall> POLL_SYSCALLS;
extern const std::span<const Syscall> PATH_SYSCALLS;       // opening, making, removing, renaming, stat(2)
extern const std::span<const Syscall> SIGNAL_SYSCALLS;
extern const std::span<const Syscall> TIME_SYSCALLS;
extern const std::span<const Syscall> SYSTEM_SYSCALLS;     // limits, scheduling, the machine

// Fills the table; once, at boot.
void init_syscalls();

}  // namespace kern
