// What the tests of signal handlers share.
#pragma once

#include <atomic>
#include <fenv.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/time.h>
#include <ucontext.h>

#include "testing.h"

namespace {

volatile sig_atomic_t calls, last_signal;
siginfo_t last_info;

inline void note(int signal) {
    calls = calls + 1;
    last_signal = signal;
}

inline void note_info(int signal, siginfo_t* info, void*) {
    note(signal);
    last_info = *info;
}

inline void handle(int signal, void (*handler)(int), int flags = 0, std::vector<int> blocked = {}) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    for (int other : blocked)
        sigaddset(&action.sa_mask, other);
    EXPECT(sigaction(signal, &action, nullptr) == 0);
}

inline void handle_info(int signal, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = flags | SA_SIGINFO;
    EXPECT(sigaction(signal, &action, nullptr) == 0);
}

inline sigset_t set_of(std::vector<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : signals)
        sigaddset(&set, signal);
    return set;
}

inline void mask(int how, std::vector<int> signals) {
    sigset_t set = set_of(signals);
    EXPECT(sigprocmask(how, &set, nullptr) == 0);
}

inline bool is_blocked(int signal) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, nullptr, &set);
    return sigismember(&set, signal);
}

inline bool is_pending(int signal) {
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

// Sends us this signal again and again, so that some of them find us waiting.
struct Sender {
    explicit Sender(int signal) {
        pid = start([=, parent = getpid()] {
            for (;;) {
                sleep_ms(5);
                kill(parent, signal);
            }
        });
    }
    ~Sender() {
        kill(pid, SIGKILL);
        while (waitpid(pid, nullptr, 0) < 0) {
        }
    }
    pid_t pid;
};

}  // namespace
