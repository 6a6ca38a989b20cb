// /dev: the devices that are only memory, the terminal, and what drivers add.
#pragma once

#include "base/boot_args.h"
#include "fs/directory.h"

namespace kern {

// Makes it, at boot; from then on it is there to be mounted.
Result<> make_devfs(ConsoleMode console);
Ref<Directory> devfs_root();

// A device's number as Linux encodes it in st_rdev.
constexpr uint64_t device_number_of(unsigned major, unsigned minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | uint64_t{minor & ~0xffu} << 12;
}

// THE TERMINAL

// What is on the console: line editing, echo, keys that mean a signal, and who may use it. See termios(3), tty_ioctl(4).
//
//     keys (interrupt) --> input, erase, kill --> [ committed lines | line being typed ] --> read(2)
//                               |
//                               +--> echo --> console <-- \n to \r\n <-- write(2)
//
// It can be the controlling terminal of one session, whose foreground group alone may read; a background group that tries
// is stopped. Numbers of groups and sessions are 0 where there is none.
//
// Booted with console=raw it is no terminal: bytes go out as they are, and isatty(3) says no.

// Begins to listen to the keyboard. Once, at boot.
void start_terminal(ConsoleMode mode);
// /dev/console, or /dev/tty, which only opens (ENXIO) for a process whose session has the terminal. ENOMEM.
Result<Ref<Inode>> make_terminal(FileSystem& fs, unsigned minor);

struct TerminalOwner {
    int session = 0;
    int group = 0;  // in the foreground
};
TerminalOwner terminal_owner();
// The leader of this session is gone, or gives the terminal up: what was in the foreground hears of it.
void release_terminal(int session);

// WHAT THE TERMINAL ASKS OF THE PROCESSES (implemented in kern/process/terminal_jobs.cpp)

enum class TerminalSignal {  // the signals' numbers
    hang_up = 1, interrupt = 2, quit = 3, resume = 18, stop = 20, background_read = 21, background_write = 22, resized = 28,
};

// The process that calls.
struct Job {
    int session, group;
    bool leads_session;
};
Job calling_job();
// ESRCH: there is no such group.
Result<int> session_of_group(int group);
void signal_group(int group, TerminalSignal signal);
// The caller is in the background. Its group gets `signal`, and the call is to be made again when it goes on: EINTR. EIO
// when no one would let it go on, or it ignores a `background_read`; nothing when it ignores a `background_write`.
Result<> stop_background_job(TerminalSignal signal);
// A key for a signal was pressed: it goes to the foreground group; when there is none, to everyone but the first process.
// Interrupt context.
void on_terminal_key(TerminalSignal signal);

}  // namespace kern
