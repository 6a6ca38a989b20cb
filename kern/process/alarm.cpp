// Signals that come from no program: the terminal's keys, and timers (setitimer(2)). Keys come in an interrupt, which
// cannot take the locks of processes; so a thread of the kernel's own sends both.
#include "fs/devfs.h"
#include "process/lifecycle.h"

static constinit Atomic<uint32_t> requests;  // a set of the terminal's signals, and SIGALRM: an alarm was set
static constinit WaitQueue sender;

static void request(int signal) {
    requests.fetch_or(static_cast<uint32_t>(SignalSet::of(signal).bits()));
    sender.wake_one();
}

// Sends what is due; returns when the next one is. There are few processes.
static uint64_t send_alarms() {
    uint64_t now = arch::now_ns(), next = NEVER;
    auto tree = lock_process_tree();
    tree->for_each([&](Process& process) {
        auto state = process.lock();
        Alarm& alarm = state->alarm;
        bool is_due = alarm.time <= now;
        if (is_due) alarm.time = alarm.interval ? now + alarm.interval - (now - alarm.time) % alarm.interval : NEVER;
        next = std::min(next, alarm.time);
        state.unlock();
        if (is_due) tree->send(process, SignalInfo::from_kernel(SIGALRM));
    });
    return next;
}

[[noreturn]] static void send_for_ever(Thread&) {
    for (uint64_t next = NEVER;; next = send_alarms()) {
        SignalSet due;
        (void)sender.wait_until([&] { return !(due = SignalSet(requests.exchange_acquire(0))).empty(); }, next);
        for (SignalSet keys = due - SignalSet::of(SIGALRM); int key = keys.first(); keys = keys - SignalSet::of(key))
            signal_foreground(key);
    }
}

void on_terminal_key(int signal) { request(signal); }

Alarm set_alarm(Process& process, Alarm alarm) {
    Alarm old = std::exchange(process.lock()->alarm, alarm);
    request(SIGALRM);
    return old;
}

Result<> start_alarms() {
    auto thread = TRY(make_own<Thread>());
    TRY(thread->prepare(send_for_ever));
    Scheduler::wake(*thread.release());
    return {};
}
