// Signals: what a process wants done with each, and which wait for it. See signal(7).
//
// Today a signal either has no effect or ends the process; one with a handler of the program's own stays pending.
#pragma once

#include <cstdint>
#include <string_view>

namespace kern {

class Process;
class UserThread;

inline constexpr int SIGNAL_COUNT = 64;  // numbered from 1
inline constexpr int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8,
                     SIGKILL = 9, SIGSEGV = 11, SIGPIPE = 13, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19,
                     SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28;

// A set of signals; bit n - 1 stands for signal n, as in the kernel's sigset_t.
class SignalSet {
public:
    constexpr SignalSet() = default;
    constexpr explicit SignalSet(uint64_t bits) : bits_(bits) {}
    template <typename... Numbers>
    static constexpr SignalSet of(Numbers... numbers) { return SignalSet((bit(numbers) | ...)); }

    constexpr bool has(int number) const { return bits_ & bit(number); }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr SignalSet operator|(SignalSet other) const { return SignalSet(bits_ | other.bits_); }
    constexpr SignalSet operator-(SignalSet other) const { return SignalSet(bits_ & ~other.bits_); }
    constexpr uint64_t bits() const { return bits_; }
    // The lowest member; 0 when there is none.
    constexpr int first() const { return __builtin_ffsll(static_cast<long long>(bits_)); }

private:
    static constexpr uint64_t bit(int number) { return uint64_t{1} << (number - 1); }
    uint64_t bits_ = 0;
};

inline constexpr SignalSet UNBLOCKABLE = SignalSet::of(SIGKILL, SIGSTOP);

// What rt_sigaction(2) takes: struct sigaction of riscv64's kernel interface.
struct SignalAction {
    static constexpr uint64_t DEFAULT = 0, IGNORE = 1;  // SIG_DFL, SIG_IGN; anything else is a handler's address
    uint64_t handler = DEFAULT;
    uint64_t flags = 0;
    uint64_t mask = 0;
};

struct SignalState {
    SignalAction actions[SIGNAL_COUNT];
    SignalSet pending;

    const SignalAction& action(int number) const { return actions[number - 1]; }
    // A pending signal that is ignored from now on is forgotten.
    void set_action(int number, const SignalAction& action);
    // Whether this signal would pass without any effect.
    bool ignores(int number) const;
    // Whether it ends the process.
    bool is_fatal(int number) const { return action(number).handler == SignalAction::DEFAULT && !ignores(number); }
    // execve(2): handlers are gone, what is ignored stays so.
    void reset_handlers();
};

// "SIGSEGV"; "signal 40" has no name of its own and gives "a real-time signal".
std::string_view signal_name(int number);

// Makes the signal pending, and stops the sleep of whoever will see to it. Ignored signals leave no trace, nor does
// number 0.
void send_signal(Process& process, int number);

// Acts on pending signals that are not blocked; does not return if one of them is fatal. Before going back to user mode.
void handle_signals(UserThread& thread);

}  // namespace kern
