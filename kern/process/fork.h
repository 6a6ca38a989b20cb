// A new process from the current one: clone(2), as fork(3), vfork(2) and posix_spawn(3) use it.
#pragma once

#include "process/process_tree.h"

namespace kern {

namespace clone_flag {
inline constexpr uint64_t EXIT_SIGNAL = 0xff;
inline constexpr uint64_t VM = 0x100, VFORK = 0x4000, SETTLS = 0x80000, PARENT_SETTID = 0x100000,
                          CHILD_CLEARTID = 0x200000, DETACHED = 0x400000, CHILD_SETTID = 0x1000000;
inline constexpr uint64_t SUPPORTED = EXIT_SIGNAL | VM | VFORK | SETTLS | PARENT_SETTID | CHILD_CLEARTID | DETACHED | CHILD_SETTID;
}  // namespace clone_flag

struct CloneRequest {
    uint64_t flags = 0;
    VirtAddr stack;       // the child's; null: where the parent's is
    VirtAddr parent_tid;
    VirtAddr tls;
    VirtAddr child_tid;
};

// Returns the child's pid, to the parent; the child returns from the same system call with 0. With clone_flag::VFORK the
// parent waits until the child has run another program or has exited.
// EINVAL (flags that need threads of one process), EAGAIN (too many processes), ENOMEM: nothing is left behind.
Result<int> clone_process(const CloneRequest& request);

}  // namespace kern
