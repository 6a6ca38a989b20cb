// How a process begins, gets its program, and ends.
#pragma once

#include "base/boot_args.h"
#include "process/elf_loader.h"
#include "process/process_tree.h"

// THE FIRST PROCESS

// Makes process 1 of the program that the boot arguments name; it runs once the scheduler does. Its files 0, 1 and 2
// are the console (0 is /dev/null when the console is raw). When the program cannot be started, one line says why, and
// the machine is powered off with status 1. The file systems are there already. `args` must live on.
void start_init(const BootArgs& args);
extern const BootArgs* boot_args;  // these; null before

// ALARMS

// The kernel thread that sends them, and passes on what on_terminal_key() reports. Once, at boot. ENOMEM.
Result<> start_alarms();
// Returns the one there was.
Alarm set_alarm(Process& process, Alarm alarm);

// CLONE: a new process or thread from the current one. clone(2), as fork(3), vfork(2), posix_spawn(3) and
// pthread_create(3) use it. CLEAR_SIGHAND leaves the child no handler.

namespace clone_flag {
inline constexpr uint64_t VM = 0x100, FS = 0x200, FILES = 0x400, SIGHAND = 0x800, VFORK = 0x4000, THREAD = 0x10000,
                          SYSVSEM = 0x40000, SETTLS = 0x80000, PARENT_SETTID = 0x100000, CHILD_CLEARTID = 0x200000,
                          DETACHED = 0x400000, CHILD_SETTID = 0x1000000, CLEAR_SIGHAND = 0x1'0000'0000;
inline constexpr uint64_t THREAD_SHARES = VM | FS | FILES | SIGHAND | THREAD;
inline constexpr uint64_t SUPPORTED = THREAD_SHARES | VFORK | SYSVSEM | SETTLS | PARENT_SETTID | CHILD_CLEARTID |
                                      DETACHED | CHILD_SETTID | CLEAR_SIGHAND;
}  // namespace clone_flag

// struct clone_args, what clone3(2) is told.
struct CloneRequest {
    uint64_t flags = 0, pidfd = 0;
    VirtAddr child_tid, parent_tid;
    uint64_t exit_signal = 0;
    VirtAddr stack;  // the child's lies behind its size; null: where the parent's is
    uint64_t stack_size = 0;
    VirtAddr tls;
    uint64_t set_tid = 0, set_tid_size = 0, cgroup = 0;  // a program made before these were added passes less
};

// Returns the child's tid, to the parent; the child returns from the same system call with 0. With clone_flag::VFORK
// the parent waits until the child has run another program or has exited. EINVAL (processes that would share more than
// the space, threads that would share less than all, a number or a cgroup asked for), EAGAIN (too many), ENOMEM: nothing
// is left behind.
Result<int> clone(const CloneRequest& request);

// EXEC

// A program that was found and checked, and the one that loads it (ld.so), if it asks for one.
struct Program {
    ElfImage image;
    std::optional<ElfImage> interpreter;
};

struct NewVmar {
    Ref<Vmar> vmar;
    VirtAddr entry;  // first instruction: the program's, or its interpreter's
};

// A new space with `program` in it: segments, interpreter, heap, init stack. Nothing of the current one is touched.
// ENOEXEC, E2BIG, ENOMEM.
Result<NewVmar> new_vmar_and_map(const Program& program, const StartInfo& start, const Layout& layout,
                                 const VmLimits& limits);

// Puts `new_vmar` in the place of the current process's space, and makes it this hart's. Returns the old one: to be
// dropped after the guard.
[[nodiscard]] Ref<Vmar> unshare_and_renew_vmar(UserThread& current, ProcessVmarGuard& guard, Ref<Vmar> new_vmar);

// The vDSO and its data page: one pair of frames, mapped into every process. See kern/vdso/vdso.c.
extern "C" const std::byte vdso_image[PAGE_SIZE];  // vdso/image.S: an ELF file
// Makes the two pages; once at boot, after the clocks are set. ENOMEM.
Result<> set_up_vdso();

// What a mapping is called in messages and in /proc/<pid>/maps: its file's path, "[heap]", "[stack]", "[vdso]",
// "[vvar]", or nothing.
std::string_view mapping_name(const VmMapping& mapping, VirtRange heap);

// Replaces the program of the current process by the one at `path`; on success the thread's next return to user mode is
// its first instruction. The new space is built off to the side: on an error nothing has changed. `argv` and `envp` as
// the program will see them, but for the words that a `#!` line puts in front.
// Other threads end. EAGAIN: one of them ends or replaces the program already.
// ENOENT, EACCES, ENOEXEC, ELIBBAD (the interpreter is malformed), ELOOP (`#!` five times over), E2BIG, ENOMEM.
Result<> exec(std::string_view path, ArgBlock argv, ArgBlock envp);

// EXIT

// Ends the current thread. With the last one the process is a zombie, everything it held is given back, and its parent
// told; `wait_status` is what wait4(2) gives then, unless something else ended the process.
[[noreturn]] void exit_thread(int wait_status);
// Ends the current process: this thread now, the others wherever they are. The machine is powered off with the first
// process.
[[noreturn]] void exit_process(int wait_status);
// The same, with a line that says why.
[[noreturn]] void kill_for(int signal, std::string_view cause);

// The end of a session's leader: the terminal has no session any more, and what was in the foreground hears of it.
void release_terminal(ProcessTree& tree, Process& leader);
