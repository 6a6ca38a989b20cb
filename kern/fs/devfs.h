// /dev: the devices that are only memory, the terminal, and what drivers add.
#pragma once

#include "base/boot_args.h"
#include "fs/directory.h"

// Makes it, at boot; from then on it is there to be mounted.
Result<> make_devfs(ConsoleMode console);
Ref<Directory> devfs_root();

// random(4), urandom and getrandom(2) are alike: the generator is seeded before the first program runs. EFAULT; fewer
// bytes when a signal comes.
Result<size_t> read_random(UserBytes to);

// A device's number as Linux encodes it in st_rdev.
constexpr uint64_t device_number_of(unsigned major, unsigned minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | uint64_t{minor & ~0xffu} << 12;
}

// What devices there are, put into the root: the disks, and the terminal, which begins to listen to the keyboard.
// ENOMEM.
Result<> add_disks(Directory& devices);
Result<> add_terminal(Directory& devices, ConsoleMode mode);

// THE TERMINAL: /dev/console, and /dev/tty, which only opens (ENXIO) for a process whose session has it

// What is on the console: line editing, echo, keys that mean a signal, and who may use it. See termios(3) and
// tty_ioctl(4).
//
//     keys (interrupt) --> input, erase, kill --> [ committed lines | line being typed ] --> read(2)
//                               |
//                               +--> echo --> console <-- \n to \r\n <-- write(2)
//
// It can be the controlling terminal of one session, whose foreground group alone may read; a background group that
// tries is stopped.
//
// Booted with console=raw it is no terminal: bytes go out as they are, and isatty(3) says no.

// WHAT THE TERMINAL ASKS OF THE PROCESSES (implemented in kern/process/terminal_jobs.cpp). Signals by their numbers.

bool is_controlling_terminal();  // of the process that calls
// To the group in the foreground; when there is none, to everyone but the first process.
void signal_foreground(int signal);
// The same from an interrupt: a key for SIGINT, SIGQUIT or SIGTSTP was pressed.
void on_terminal_key(int signal);

enum class TerminalUse { read, change };
// In a background group the caller is stopped for it, SIGTTIN or SIGTTOU, and is to make the call again when it goes
// on: EINTR. EIO when there is nobody to let it go on, or it ignores SIGTTIN; nothing happens when it ignores SIGTTOU.
Result<> check_foreground(TerminalUse use);
// The requests of tty_ioctl(4) about sessions and groups. ENOTTY: it is another one, or not the caller's terminal.
Result<> control_job(unsigned request, VirtAddr argument);
