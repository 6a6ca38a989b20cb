// Keys that mean a signal. They come in an interrupt, which cannot take the locks of processes; a thread of the kernel's
// own passes the signal on.
#include "fs/terminal.h"
#include "process/init.h"
#include "process/process_tree.h"

namespace kern {

namespace {

// What was pressed last: group in the upper half, signal in the lower; 0: nothing.
constinit Atomic<uint64_t> pressed;
constinit WaitQueue passer;

// Without a foreground group, everyone but the first process is meant.
void pass_on(int signal, int group) {
    auto tree = lock_process_tree();
    tree->for_each([&](Process& process) {
        if (process.pid() != INIT_PID && (group == 0 || tree->group(process) == group))
            send_signal(process, signal);
    });
}

[[noreturn]] void pass_on_signals(Thread&) {
    for (;;) {
        uint64_t key = passer.wait_uninterruptibly([] { return pressed.exchange_acquire(0); });
        pass_on(static_cast<int>(key & UINT32_MAX), static_cast<int>(key >> 32));
    }
}

}  // namespace

void on_terminal_signal(int signal, int group) {
    pressed.store(uint64_t{static_cast<uint32_t>(group)} << 32 | static_cast<uint32_t>(signal));
    passer.wake_one();
}

Result<> start_terminal_signals() {
    auto thread = TRY(make_own<Thread>());
    TRY(thread->prepare(pass_on_signals));
    Scheduler::wake(*thread.release());
    return {};
}

}  // namespace kern
