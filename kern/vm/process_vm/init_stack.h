// The initial portion of a process's main stack: what the kernel writes there before the program runs, and what
// /proc/<pid>/cmdline and environ read back. Linux's order, high to low (psABI, "Process Initialization"):
//
//     stack_top ->  +---------------------------+
//                   |  8 zero bytes             |
//                   |  AT_EXECFN string         |
//                   |  environment strings      |  ascending: the last one lies highest
//                   |  argument strings         |  ascending: argv[0] lies lowest
//                   |  16 random bytes          |  AT_RANDOM
//                   |  padding                  |  makes sp a multiple of 16
//                   |  aux vector               |  pairs, the last is AT_NULL
//                   |  envp[0] ... NULL         |
//                   |  argv[0] ... NULL         |
//            sp ->  |  argc                     |
//                   +---------------------------+
//                   |  grows down on fault      |
#pragma once

#include "vm/process_vm/arg_block.h"
#include "vm/process_vm/aux_vec.h"
#include "vm/process_vm/layout.h"

class Vmar;

// What a program is started with.
struct StartInfo {
    ArgBlock argv;
    ArgBlock envp;
    std::string_view exec_path;            // AT_EXECFN: the path as given to execve
    std::array<std::byte, 16> random = {}; // AT_RANDOM
};

// Where each part of the initial stack goes; computed before a byte is written.
struct InitStackPlan {
    VirtAddr exec_path;
    VirtRange env_strings;
    VirtRange arg_strings;
    VirtAddr random;
    VirtAddr aux;
    VirtAddr envp;
    VirtAddr argv;
    VirtAddr sp;  // of argc; 16-byte aligned
};

class InitStack {
public:
    // Maps the stack below `layout.stack_top` and writes its first contents; `aux` gets AT_RANDOM and AT_EXECFN added.
    // Once per InitStack, after the vDSO is mapped. E2BIG when strings and pointers exceed
    // max(128 KiB, min(RLIMIT_STACK / 4, 6 MiB)), or all that is written RLIMIT_STACK; ENOMEM.
    Result<> map_and_write(Vmar& vmar, const StartInfo& start, AuxVec aux);

    // The stack pointer the program starts with; null before map_and_write.
    VirtAddr user_sp() const { return sp_; }
    VirtRange arg_strings() const { return arg_strings_; }
    VirtRange env_strings() const { return env_strings_; }

private:
    Result<> map(Vmar& vmar, VirtAddr lowest_written);

    VirtAddr sp_;
    VirtRange arg_strings_;  // as recorded at exec; the program may change the bytes, not the ranges
    VirtRange env_strings_;
};

// Reads a process's arguments and environment from its stack as they are now. The address space need not be active.
class InitStackReader {
public:
    InitStackReader(const InitStack& stack, Vmar& vmar) : stack_(stack), vmar_(vmar) {}

    // Copies argument bytes from `offset` on into `out`. Returns their number: 0 past the end; what could be read when a
    // page on the way is gone.
    size_t argv(uint64_t offset, std::span<std::byte> out) const { return read(stack_.arg_strings(), offset, out); }
    size_t envp(uint64_t offset, std::span<std::byte> out) const { return read(stack_.env_strings(), offset, out); }

private:
    size_t read(VirtRange strings, uint64_t offset, std::span<std::byte> out) const;

    const InitStack& stack_;
    Vmar& vmar_;
};

// THE PARTS OF map_and_write (init_stack_writer.cpp)

// Lays the parts out downward from `top`.
InitStackPlan plan_init_stack(VirtAddr top, const StartInfo& start, const AuxVec& aux);
// Writes the strings and the random bytes to their places. EFAULT when a place is not mapped, ENOMEM.
Result<> write_strings(Vmar& vmar, const InitStackPlan& plan, const StartInfo& start);
// Writes argc, the pointer arrays and the aux vector. EFAULT, ENOMEM.
Result<> write_pointers(Vmar& vmar, const InitStackPlan& plan, const StartInfo& start, const AuxVec& aux);
