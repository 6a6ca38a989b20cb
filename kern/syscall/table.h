// Linux's riscv64 system calls. Each family's file lists its own; table.cpp puts them together.
#pragma once

#include <span>

#include "base/addr.h"
#include "base/result.h"

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

// The handler of a call that gives nothing back: 0 when it succeeds.
template <Result<> (*call)(const SyscallArgs&)>
Result<uint64_t> plain(const SyscallArgs& args) {
    TRY(call(args));
    return 0;
}
// What is right without being done: root's ids, for one.
inline Result<uint64_t> zero(const SyscallArgs&) { return 0; }

extern const std::span<const Syscall> MEMORY_SYSCALLS;
extern const std::span<const Syscall> PROCESS_SYSCALLS;
extern const std::span<const Syscall> FILE_SYSCALLS;       // descriptors and bytes
extern const std::span<const Syscall> FILE_INFO_SYSCALLS;  // stat(2), listings
extern const std::span<const Syscall> PATH_SYSCALLS;       // opening, making, removing, renaming
extern const std::span<const Syscall> SIGNAL_SYSCALLS;
extern const std::span<const Syscall> TIME_SYSCALLS;

// Fills the table; once, at boot.
void init_syscalls();

}  // namespace kern
