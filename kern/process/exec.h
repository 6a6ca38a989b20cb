// Starting programs: execve(2).
#pragma once

#include "process/elf_loader.h"
#include "vm/process_vm/init_stack.h"

namespace kern {

// A program that was found and checked, and the one that loads it (ld.so), if it asks for one.
struct Program {
    ElfImage image;
    std::optional<ElfImage> interpreter;
};

// Replaces the program of the current process by the one at `path`; on success the thread's next return to user mode is
// its first instruction. The new space is built off to the side: on an error nothing has changed. `argv` and `envp` as
// the program will see them, but for the words that a `#!` line puts in front.
// ENOENT, EACCES, ENOEXEC, ELIBBAD (the interpreter is malformed), ELOOP (`#!` five times over), E2BIG, ENOMEM.
Result<> exec(std::string_view path, ArgBlock argv, ArgBlock envp);

}  // namespace kern
