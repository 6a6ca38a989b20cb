// Reads a process's arguments and environment from its stack as they are now. The address space need not be active.
#pragma once

#include "base/print.h"
#include "vm/process_vm/init_stack.h"

namespace kern {

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

}  // namespace kern
