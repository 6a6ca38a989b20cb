// The terminal on the console: line editing, echo, and the keys that mean a signal. See termios(3).
//
//     keys (interrupt) --> input, erase, kill --> [ committed lines | line being typed ] --> read(2)
//                               |
//                               +--> echo --> console <-- \n to \r\n <-- write(2)
//
// Booted with console=raw it is no terminal: bytes go out as they are, and isatty(3) says no.
#pragma once

#include "base/boot_args.h"
#include "fs/inode.h"

namespace kern {

// The inode behind /dev/console and /dev/tty; it begins to listen to the keyboard. Once, at boot.
Result<Ref<Inode>> make_terminal(FileSystem& fs, ConsoleMode mode);

// Implemented in kern/process: the key for SIGINT, SIGQUIT or SIGTSTP was pressed. `group`: the foreground process group
// that tcsetpgrp(3) set; 0: none was. Interrupt context.
void on_terminal_signal(int signal, int group);

}  // namespace kern
