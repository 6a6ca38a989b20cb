// How a process begins, gets its program, and ends.
#pragma once

#include "base/boot_args.h"
#include "process/elf_loader.h"
#include "process/process_tree.h"
#include "vm/process_vm/init_stack.h"

namespace kern {

// THE FIRST PROCESS

// Makes process 1 of the program that the boot arguments name; it runs once the scheduler does. Its files 0, 1 and 2 are
// the console (0 is /dev/null when the console is raw). When the program cannot be started, one line says why, and the
// machine is powered off with status 1. The file systems are there already. `args` must live on.
void start_init(const BootArgs& args);

// The kernel thread that passes on what on_terminal_key() reports. Once, at boot. ENOMEM.
Result<> start_terminal_signals();

// FORK: a new process from the current one. clone(2), as fork(3), vfork(2) and posix_spawn(3) use it.

namespace clone_flag {
inline constexpr uint64_t EXIT_SIGNAL = 0xff;
inline constexpr uint64_t VM = 0x100, VFORK = 0x4000, SETTLS = 0x80000, PARENT_SETTID = 0x100000,
                          CHILD_CLEARTID = 0x200000, DETACHED = 0x400000, CHILD_SETTID = 0x1000000;
inline constexpr uint64_t SUPPORTED = EXIT_SIGNAL | VM | VFORK | SETTLS | PARENT_SETTID | CHILD_CLEARTID | DETACHED | CHILD_SETTID;
}  // namespace clone_flag

struct CloneRequest {
    uint64_t flags = 0;
    VirtAddr stack;  // the child's; null: where the parent's is
    VirtAddr parent_tid, tls, child_tid;
};

// Returns the child's pid, to the parent; the child returns from the same system call with 0. With clone_flag::VFORK the
// parent waits until the child has run another program or has exited.
// EINVAL (flags that need threads of one process), EAGAIN (too many processes), ENOMEM: nothing is left behind.
Result<int> clone_process(const CloneRequest& request);

// EXEC

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

// EXIT, and waiting for it.

// Ends the current process with a status as wait4(2) gives it (exited_status, killed_status): everything it held is
// given back, and its parent told. The machine is powered off with the first process.
[[noreturn]] void exit_process(int wait_status);

// Waits until a child of the current process has exited, and takes it out of the process tree. With `no_hang`, a result
// without a process says that none has exited yet. ECHILD, EINTR.
Result<ProcessTree::Zombie> wait_for_child(WaitTarget target, bool no_hang);

}  // namespace kern
