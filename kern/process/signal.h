// Signals: what a process wants done with each, and which wait for it. See signal(7).
//
//     kill(2), a fault,     +-----------------+   before the thread      default action: nothing, stop, the process ends
//     a child, a timer ---> | pending: of the | -- goes back to user --> handler: a frame on the user's stack
//                           | process, or of  |   mode, unless it       (signal_frame.cpp)
//                           | one thread      |   blocks the signal
//                           +-----------------+
#pragma once

class Process;
class UserThread;

inline constexpr int SIGNAL_COUNT = 64;  // numbered from 1
inline constexpr int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8,
                     SIGKILL = 9, SIGSEGV = 11, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17, SIGCONT = 18,
                     SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGWINCH = 28, SIGSYS = 31,
                     SIGRTMIN = 32;

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
    constexpr SignalSet operator&(SignalSet other) const { return SignalSet(bits_ & other.bits_); }
    constexpr SignalSet operator-(SignalSet other) const { return SignalSet(bits_ & ~other.bits_); }
    constexpr uint64_t bits() const { return bits_; }
    // The lowest member; 0 when there is none.
    constexpr int first() const { return __builtin_ffsll(static_cast<long long>(bits_)); }

private:
    static constexpr uint64_t bit(int number) { return uint64_t{1} << (number - 1); }
    uint64_t bits_ = 0;
};

inline constexpr SignalSet UNBLOCKABLE = SignalSet::of(SIGKILL, SIGSTOP);
inline constexpr SignalSet STOPPING = SignalSet::of(SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU);

// What rt_sigaction(2) takes: struct sigaction of riscv64's kernel interface.
struct SignalAction {
    static constexpr uint64_t DEFAULT = 0, IGNORE = 1;  // SIG_DFL, SIG_IGN; anything else is a handler's address
    static constexpr uint64_t NOCLDSTOP = 1, NOCLDWAIT = 2, ONSTACK = 0x0800'0000, RESTART = 0x1000'0000,
                              NODEFER = 0x4000'0000, RESETHAND = 0x8000'0000;
    uint64_t handler = DEFAULT;
    uint64_t flags = 0;
    uint64_t mask = 0;

    bool has_handler() const { return handler > IGNORE; }
    // Whether signal `number` would pass without any effect.
    bool ignores(int number) const;
};

using SignalActions = std::array<SignalAction, SIGNAL_COUNT + 1>;  // by number; there is no signal 0
// execve(2): handlers are gone, what is ignored stays so.
void reset_handlers(SignalActions& actions);

// siginfo_t as the program sees it: see sigaction(2). What the fields mean depends on the signal:
//
//     from kill(2) or of a child   fields[0]: pid | uid << 32     fields[1]: sigqueue(3)'s value, or the child's status
//     a fault                      fields[0]: the address
struct SignalInfo {
    // si_code
    static constexpr int USER = 0, KERNEL = 0x80, TKILL = -6;
    static constexpr int SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRERR = 2;
    static constexpr int CLD_EXITED = 1, CLD_KILLED = 2, CLD_STOPPED = 5, CLD_CONTINUED = 6;

    int32_t number = 0, error = 0, code = 0, padding = 0;
    uint64_t fields[14] = {};

    static SignalInfo from_kernel(int number) { return {.number = number, .code = KERNEL}; }
    static SignalInfo from_caller(int number, int code);
    // Of a child: what it did, from the status that wait4(2) gives.
    static SignalInfo of_child(int pid, int wait_status);
};
static_assert(sizeof(SignalInfo) == 128);

// Signals on their way to a process or a thread, one of each number. With the process's lock.
class PendingSignals {
public:
    SignalSet set() const { return set_; }
    void add(const SignalInfo& info);
    // Takes off the one of `wanted` that comes first: the program's own faults, then by number. Number 0: there is
    // none.
    SignalInfo take(SignalSet wanted);
    void discard(SignalSet unwanted) { while (take(unwanted).number) continue; }

private:
    SignalSet set_;
    Vec<SignalInfo> details_;  // what is known of each; there may not have been memory for some
};

// sigaltstack(2)
struct SignalStack {
    static constexpr uint32_t IN_USE = 1, DISABLED = 2;
    uint64_t start = 0;
    uint32_t flags = DISABLED, padding = 0;
    uint64_t size = 0;

    bool contains(uint64_t sp) const { return sp > start && sp - start <= size; }
    // EINVAL; ENOMEM: too small.
    Result<> set(const SignalStack& wanted);
};

// SENDING: ProcessTree::send(), and

// a fault of the current thread, which cannot wait. False: there is no handler for it, or it is blocked.
[[nodiscard]] bool raise_fault(const SignalInfo& info);

// RECEIVING, by the current thread

// From now on. Of signals that are ignored those that are pending are forgotten. Returns what there was.
SignalAction set_signal_action(Process& process, int number, const SignalAction& action);
// Takes a signal of `wanted`, which are blocked, and returns it; waits until one comes. EINTR, ETIMEDOUT.
Result<SignalInfo> await_signal(SignalSet wanted, uint64_t deadline);

// Acts on what is pending and not blocked, and sees to it that an interrupted system call is made again if it should
// be. Does not return if the thread is to end. Before going back to user mode.
void handle_signals(UserThread& self);
// The thread's signal mask from now on; what it lets through takes effect before it goes back to user mode.
void set_blocked_signals(UserThread& self, SignalSet set);

// A mask that holds while a system call waits (sigsuspend(2), ppoll(2)): handlers that end the wait run with it.
class MaskDuringCall {
public:
    explicit MaskDuringCall(SignalSet set);
    ~MaskDuringCall();
};

// FRAMES: what a handler finds on its stack, and what rt_sigreturn(2) restores. EFAULT: the stack is not there.

Result<> push_signal_frame(UserThread& self, const SignalInfo& info, const SignalAction& action);
Result<> pop_signal_frame(UserThread& self);
