// The first process, and what it starts with.
#pragma once

#include "base/boot_args.h"
#include "base/result.h"

namespace kern {

// Makes process 1 of the program that the boot arguments name; it runs once the scheduler does. Its files 0, 1 and 2 are
// the console (0 is /dev/null when the console is raw). When the program cannot be started, one line says why, and the
// machine is powered off with status 1. The file systems are there already. `args` must live on.
void start_init(const BootArgs& args);

// The kernel thread that passes on what on_terminal_signal() reports. Once, at boot. ENOMEM.
Result<> start_terminal_signals();

}  // namespace kern
