// Signals that come from no program: the terminal's keys, and timers (setitimer(2)). Keys come in an interrupt, which
// cannot take the locks of processes; so a thread of the kernel's own sends both.
#include "fs/devfs.h"
#include "process/lifecycle.h"

namespace kern {

namespace {

constinit Atomic<uint32_t> pressed;  // a set of the terminal's signals
constinit Atomic<uint32_t> alarm_was_set;
constinit WaitQueue sender;

// Sends what is due; returns when the next one is. There are few processes.
uint64_t send_alarms() {
    uint64_t now = arch::now_ns(), next = NEVER;
    lock_process_tree()->for_each([&](Process& process) {
        auto state = process.lock();
        Alarm& alarm = state->alarm;
        bool is_due = alarm.time <= now;
        if (is_due) alarm.time = alarm.interval ? now + alarm.interval - (now - alarm.time) % alarm.interval : NEVER;
        next = std::min(next, alarm.time);
        state.unlock();
        if (is_due) send_signal(process, SignalInfo::from_kernel(SIGALRM));
    });
    return next;
}

[[noreturn]] void send_for_ever(Thread&) {
    for (uint64_t next = NEVER;; next = send_alarms()) {
        SignalSet keys;
        (void)sender.wait_until([&] {
            keys = SignalSet(pressed.exchange_acquire(0));
            return alarm_was_set.exchange_acquire(0) || !keys.empty();
        }, next);
        for (; int number = keys.first(); keys = keys - SignalSet::of(number)) signal_foreground(number);
    }
}

}  // namespace

void on_terminal_key(int signal) {
    pressed.fetch_or(uint32_t{1} << (signal - 1));
    sender.wake_one();
}

Alarm set_alarm(Process& process, Alarm alarm) {
    Alarm old = std::exchange(process.lock()->alarm, alarm);
    alarm_was_set.store(1);
    sender.wake_one();
    return old;
}

Result<> start_alarms() {
    auto thread = TRY(make_own<Thread>());
    TRY(thread->prepare(send_for_ever));
    Scheduler::wake(*thread.release());
    return {};
}

}  // namespace kern
