// /dev: null, zero, full, random, urandom, console, tty.
#pragma once

#include "base/boot_args.h"
#include "fs/directory.h"

namespace kern {

// Makes it, at boot; from then on it is there to be mounted.
Result<> make_devfs(ConsoleMode console);
Ref<Directory> devfs_root();

// A character device's number as Linux encodes it in st_rdev.
constexpr uint64_t device_number_of(unsigned major, unsigned minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | uint64_t{minor & ~0xffu} << 12;
}

// THE TERMINAL

// What is on the console: line editing, echo, and the keys that mean a signal. See termios(3).
//
//     keys (interrupt) --> input, erase, kill --> [ committed lines | line being typed ] --> read(2)
//                               |
//                               +--> echo --> console <-- \n to \r\n <-- write(2)
//
// Booted with console=raw it is no terminal: bytes go out as they are, and isatty(3) says no.

// The inode behind /dev/console and /dev/tty; it begins to listen to the keyboard. Once, at boot.
Result<Ref<Inode>> make_terminal(FileSystem& fs, ConsoleMode mode);

// Implemented in kern/process: the key for SIGINT, SIGQUIT or SIGTSTP was pressed. `group`: the foreground process group
// that tcsetpgrp(3) set; 0: none was. Interrupt context.
void on_terminal_signal(int signal, int group);

}  // namespace kern
