#include "process/signal.h"

#include "process/lifecycle.h"

// Without effect unless the program says otherwise.
constexpr SignalSet IGNORED_BY_DEFAULT = SignalSet::of(SIGCHLD, SIGCONT, SIGURG, SIGWINCH);
// What an instruction of the program brings about; these go first, so that a handler's frame shows that instruction.
constexpr SignalSet SYNCHRONOUS = SignalSet::of(SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS);

// A stopping signal undoes SIGCONT and the other way round, whether or not they are blocked or ignored. Returns whether
// the process goes on from here.
static bool stop_or_continue(Process& process, int number) {
    auto state = process.lock();
    SignalSet undone = STOPPING.has(number) ? SignalSet::of(SIGCONT) : number == SIGCONT ? STOPPING : SignalSet();
    state->pending.discard(undone);
    for (UserThread& thread : state->threads) thread.pending.discard(undone);
    if (!state->is_stopped || (number != SIGCONT && number != SIGKILL)) return false;
    state->is_stopped = false;
    state->news = number == SIGCONT ? CONTINUED_STATUS : 0;
    process.events.wake_all();
    return number == SIGCONT;
}

// What was sent to the thread comes before what was sent to its process.
static SignalInfo take_pending(Process::State& state, UserThread& self, SignalSet wanted) {
    SignalInfo info = self.pending.take(wanted);
    return info.number ? info : state.pending.take(wanted);
}

// ACTIONS

bool SignalAction::ignores(int number) const {
    return handler == IGNORE || (handler == DEFAULT && IGNORED_BY_DEFAULT.has(number));
}

void reset_handlers(SignalActions& actions) {
    for (SignalAction& action : actions)
        action = {.handler = action.has_handler() ? SignalAction::DEFAULT : action.handler};
}

Result<> SignalStack::set(const SignalStack& wanted) {
    constexpr uint64_t LEAST = 2048;  // MINSIGSTKSZ
    if (wanted.flags > DISABLED) return fail(Errno::EINVAL);
    if (wanted.flags != DISABLED && wanted.size < LEAST) return fail(Errno::ENOMEM);
    *this = wanted.flags == DISABLED ? SignalStack() : SignalStack{wanted.start, 0, 0, wanted.size};
    return {};
}

// WHAT IS PENDING

void PendingSignals::add(const SignalInfo& info) {
    if (set_.has(info.number)) return;
    set_ = set_ | SignalSet::of(info.number);
    (void)details_.push(info);
}

SignalInfo PendingSignals::take(SignalSet wanted) {
    SignalSet candidates = set_ & wanted, first = candidates & SYNCHRONOUS;
    SignalInfo info{.number = (first.empty() ? candidates : first).first()};
    if (info.number) set_ = set_ - SignalSet::of(info.number);
    auto known = std::ranges::find(details_, info.number, &SignalInfo::number);
    if (known == details_.end()) return info;
    info = std::exchange(*known, details_.back());
    details_.pop();
    return info;
}

// SENDING

SignalInfo SignalInfo::from_caller(int number, int code) {
    return {.number = number, .code = code, .fields = {static_cast<uint32_t>(current_process().pid())}};
}

SignalInfo SignalInfo::of_child(int pid, int wait_status) {
    int low = wait_status & 0x7f, high = wait_status >> 8;
    auto [code, status] = wait_status == CONTINUED_STATUS ? std::pair(CLD_CONTINUED, SIGCONT) :
                          low == 0x7f ? std::pair(CLD_STOPPED, high) :
                          low ? std::pair(CLD_KILLED, low) : std::pair(CLD_EXITED, high);
    return {.number = SIGCHLD, .code = code, .fields = {static_cast<uint32_t>(pid), static_cast<uint32_t>(status)}};
}

void ProcessTree::send(Process& process, const SignalInfo& info, UserThread* only) {
    int number = info.number;
    if (number == 0) return;
    if (stop_or_continue(process, number)) tell_parent(process, CONTINUED_STATUS);
    auto state = process.lock();
    UserThread* first = only ? only : state->threads.front();
    if (state->actions[number].ignores(number) && !(first && first->blocked.has(number))) return;
    (only ? only->pending : state->pending).add(info);
    for (UserThread& thread : state->threads) {
        bool sees_to_it = !thread.blocked.has(number) || thread.awaited.has(number);
        if (sees_to_it && (!only || only == &thread)) return thread.interrupt();
    }
}

size_t ProcessTree::send_to_group(int group, const SignalInfo& info, const Process* but) {
    size_t count = 0;
    for_each([&](Process& process) {
        if (group == EVERYONE ? &process == but || process.pid_ == INIT_PID : process.group_ != group) return;
        count++;
        send(process, info);
    });
    return count;
}

bool raise_fault(const SignalInfo& info) {
    UserThread& self = current_user_thread();
    auto state = self.process().lock();
    if (self.blocked.has(info.number) || !state->actions[info.number].has_handler()) return false;
    self.pending.add(info);
    self.interrupt();
    return true;
}

// RECEIVING

SignalAction set_signal_action(Process& process, int number, const SignalAction& action) {
    auto state = process.lock();
    SignalAction old = std::exchange(state->actions[number], action);
    if (!action.ignores(number)) return old;
    state->pending.discard(SignalSet::of(number));
    for (UserThread& thread : state->threads) thread.pending.discard(SignalSet::of(number));
    return old;
}

// The interruption that a signal of `wanted` is to this thread is over once it is taken; others may still be pending.
Result<SignalInfo> await_signal(SignalSet wanted, uint64_t deadline) {
    UserThread& self = current_user_thread();
    Process& process = self.process();
    SignalInfo info;
    WaitQueue nobody;
    auto taken = nobody.wait_until([&] {
        auto state = process.lock();
        self.awaited = wanted;
        info = take_pending(*state, self, wanted);
        return info.number != 0;
    }, deadline);
    auto state = process.lock();
    self.awaited = {};
    if (!taken) info = take_pending(*state, self, wanted);
    return info.number ? Result<SignalInfo>(info) : fail(taken.error());
}

void set_blocked_signals(UserThread& self, SignalSet set) {
    auto state = self.process().lock();
    self.blocked = set - UNBLOCKABLE;
    if (!((state->pending.set() | self.pending.set()) - self.blocked).empty()) self.interrupt();
    for (UserThread& thread : state->threads)  // who sees to what this one does not any more
        if (&thread != &self && !(state->pending.set() - thread.blocked).empty()) thread.interrupt();
}

MaskDuringCall::MaskDuringCall(SignalSet set) {
    UserThread& self = current_user_thread();
    self.blocked_after_call = self.blocked;
    set_blocked_signals(self, set);
}

// When the wait was interrupted, handle_signals() needs the mask once more.
MaskDuringCall::~MaskDuringCall() {
    UserThread& self = current_user_thread();
    if (self.is_interrupted()) return;
    set_blocked_signals(self, *self.blocked_after_call);
    self.blocked_after_call.reset();
}

// Calls that a handler always interrupts, with SA_RESTART or without. See signal(7).
static bool always_gives_eintr(const arch::TrapFrame& frame) {
    enum { PSELECT6 = 72, PPOLL = 73, FUTEX = 98, NANOSLEEP = 101, CLOCK_NANOSLEEP = 115, RT_SIGSUSPEND = 133 };
    uint64_t number = frame.syscall_number();
    if (number == FUTEX) return frame.syscall_argument(3);  // those with a timeout
    return number == PSELECT6 || number == PPOLL || number == NANOSLEEP || number == CLOCK_NANOSLEEP ||
           number == RT_SIGSUSPEND;
}

// The call gave EINTR. It is made again when no handler runs, or one that says so; rt_sigtimedwait(2) never is.
static void finish_call(UserThread& self, const SignalAction* handler) {
    constexpr uint64_t RT_SIGTIMEDWAIT = 137;
    arch::TrapFrame& frame = *self.context.user_frame;
    self.repeated_call = 0;
    if (!std::exchange(self.call_was_interrupted, false) || frame.syscall_number() == RT_SIGTIMEDWAIT) return;
    bool has_own_rule = always_gives_eintr(frame);
    if (handler && (has_own_rule || !(handler->flags & SignalAction::RESTART))) return;
    self.repeated_call = handler ? 0 : frame.syscall_number();
    frame.restart_syscall();
}

static void run_handler(UserThread& self, const SignalInfo& info, const SignalAction& action) {
    finish_call(self, &action);
    if (push_signal_frame(self, info, action)) {
        self.blocked_after_call.reset();
        SignalSet itself = action.flags & SignalAction::NODEFER ? SignalSet() : SignalSet::of(info.number);
        set_blocked_signals(self, self.blocked | SignalSet(action.mask) | itself);
        return;
    }
    if (info.number == SIGSEGV || !raise_fault(SignalInfo::from_kernel(SIGSEGV)))
        kill_for(SIGSEGV, "no room on its stack for the frame of a signal handler");
}

// Waits while the process is stopped. Does not return if the thread is to end.
static void wait_while_stopped(UserThread& self) {
    Process& process = self.process();
    process.events.wait_uninterruptibly([&] {
        auto state = process.lock();
        return state->must_end(self) || !state->is_stopped;
    });
    if (process.lock()->must_end(self)) exit_thread(0);
}

// Stops the process; its threads notice on their way to user mode. A stop from the terminal means nothing to an
// orphaned group: no shell is there to continue it.
static void stop(ProcessTree& tree, Locked<Process::State>::Guard& state, Process& process, int number) {
    if (number != SIGSTOP && tree.is_orphaned(tree.group(process))) return;
    state->is_stopped = true;
    state->news = stopped_status(number);
    for (UserThread& thread : state->threads) thread.interrupt();
    state.unlock();
    tree.tell_parent(process, stopped_status(number));
}

// Takes one signal off and does what is to be done about it. False: there was none.
static bool act_on_signal(UserThread& self) {
    Process& process = self.process();
    auto tree = lock_process_tree();
    auto state = process.lock();
    SignalInfo info = take_pending(*state, self, SignalSet(UINT64_MAX) - self.blocked);
    if (!info.number) return false;
    SignalAction action = state->actions[info.number];
    if (action.ignores(info.number)) return true;
    if (!action.has_handler() && STOPPING.has(info.number)) return stop(*tree, state, process, info.number), true;
    if (action.flags & SignalAction::RESETHAND) state->actions[info.number].handler = SignalAction::DEFAULT;
    state.unlock();
    tree.unlock();
    if (!action.has_handler()) exit_process(killed_status(info.number));
    run_handler(self, info, action);
    return true;
}

void handle_signals(UserThread& self) {
    arch::restore_interrupts(true);
    do {
        self.clear_interrupt();
        wait_while_stopped(self);
    } while (act_on_signal(self));
    finish_call(self, nullptr);
    if (auto mask = std::exchange(self.blocked_after_call, std::nullopt)) set_blocked_signals(self, *mask);
    arch::disable_interrupts();
}
