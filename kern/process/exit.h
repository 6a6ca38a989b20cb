// The end of a process, and waiting for it.
#pragma once

#include "process/process_tree.h"

namespace kern {

// Ends the current process with a status as wait4(2) gives it (exited_status, killed_status): everything it held is
// given back, and its parent told. The machine is powered off with the first process.
[[noreturn]] void exit_process(int wait_status);

// Waits until a child of the current process has exited, and takes it out of the process tree. With `no_hang`, a result
// without a process says that none has exited yet. ECHILD, EINTR.
Result<ProcessTree::Zombie> wait_for_child(WaitTarget target, bool no_hang);

}  // namespace kern
