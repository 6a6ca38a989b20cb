#include "process/signal.h"

#include "process/lifecycle.h"

namespace kern {

namespace {

// Without effect unless the program says otherwise. Stopping is not supported: its signals are ignored as well.
constexpr SignalSet IGNORED_BY_DEFAULT =
    SignalSet::of(SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);

constexpr std::string_view NAMES[] = {
    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP", "SIGABRT", "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1", "SIGSEGV",
    "SIGUSR2", "SIGPIPE",   "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU",
    "SIGURG",  "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",   "SIGSYS",
};

// Takes the first pending signal off that ends the process; 0 when there is none.
int take_fatal_signal(UserThread& thread) {
    auto state = thread.process().lock();
    SignalSet candidates = state->signals.pending - thread.blocked_signals();
    for (; int number = candidates.first(); candidates = candidates - SignalSet::of(number))
        if (state->signals.is_fatal(number)) return number;
    return 0;
}

}  // namespace

void SignalState::set_action(int number, const SignalAction& action) {
    actions[number - 1] = action;
    if (ignores(number))
        pending = pending - SignalSet::of(number);
}

bool SignalState::ignores(int number) const {
    uint64_t handler = action(number).handler;
    return handler == SignalAction::IGNORE || (handler == SignalAction::DEFAULT && IGNORED_BY_DEFAULT.has(number));
}

void SignalState::reset_handlers() {
    for (SignalAction& action : actions)
        action = {.handler = action.handler == SignalAction::IGNORE ? SignalAction::IGNORE : SignalAction::DEFAULT};
}

std::string_view signal_name(int number) {
    size_t index = static_cast<size_t>(number) - 1;
    return index < std::size(NAMES) ? NAMES[index] : "a real-time signal";
}

void send_signal(Process& process, int number) {
    auto state = process.lock();
    if (number == 0 || state->signals.ignores(number)) return;
    state->signals.pending = state->signals.pending | SignalSet::of(number);
    if (!state->signals.is_fatal(number)) return;
    for (UserThread& thread : state->threads)
        if (!thread.blocked_signals().has(number)) return thread.interrupt();
}

void handle_signals(UserThread& thread) {
    arch::restore_interrupts(true);
    thread.clear_interrupt();
    if (int number = take_fatal_signal(thread))
        exit_process(killed_status(number));
    arch::disable_interrupts();
}

}  // namespace kern
