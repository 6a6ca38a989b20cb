// Signal handlers: what they are told, what they see, and what becomes of the program around them.

#include "handlers.h"

namespace {

constexpr char GROUP[] = "handlers";

// ---- what a handler is told -----------------------------------------------------------------------------------------

TEST(a_handler_runs_and_the_program_goes_on) {
    handle(SIGUSR1, note);
    long registers = 12345;
    asm volatile("mv s5, %0\n\tmv t5, %0" ::"r"(registers) : "s5", "t5");
    EXPECT(raise(SIGUSR1) == 0 && calls == 1 && last_signal == SIGUSR1);
    EXPECT(kill(getpid(), SIGUSR1) == 0 && calls == 2);
    struct sigaction old;
    EXPECT(sigaction(SIGUSR1, nullptr, &old) == 0 && old.sa_handler == note);
    EXPECT_ERROR(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, nullptr, nullptr, 4));
    EXPECT_ERROR(EINVAL, syscall(SYS_rt_sigaction, 65, nullptr, nullptr, 8));
    EXPECT_ERROR(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, BAD_ADDRESS, nullptr, 8));
}

TEST(siginfo_says_who_sent_it) {
    handle_info(SIGUSR1, note_info, SA_RESTART);
    kill(getpid(), SIGUSR1);
    EXPECT(last_info.si_signo == SIGUSR1 && last_info.si_code == SI_USER && last_info.si_errno == 0);
    EXPECT(last_info.si_pid == getpid() && last_info.si_uid == getuid());
    raise(SIGUSR1);
    EXPECT(last_info.si_code == SI_TKILL && last_info.si_pid == getpid());
    int pid = start([] { kill(getppid(), SIGUSR1); });
    wait_for(pid);
    EXPECT(calls == 3 && last_info.si_pid == pid);
}

TEST(pending_signals_come_once_each_in_order) {
    static int values[8], count;
    for (int number : {SIGRTMIN + 1, SIGRTMIN + 2, SIGUSR1}) handle(number, [](int signal) { values[count++] = signal; });
    mask(SIG_BLOCK, {SIGRTMIN + 1, SIGRTMIN + 2, SIGUSR1});
    for (int number : {SIGRTMIN + 2, SIGUSR1, SIGRTMIN + 1, SIGUSR1}) kill(getpid(), number);
    EXPECT(is_pending(SIGUSR1) && is_pending(SIGRTMIN + 2) && !is_pending(SIGUSR2));
    mask(SIG_UNBLOCK, {SIGRTMIN + 1, SIGRTMIN + 2, SIGUSR1});
    // The lowest number is taken first, so its frame is the deepest: its handler runs last.
    int expected[] = {SIGRTMIN + 2, SIGRTMIN + 1, SIGUSR1};
    EXPECT(count == 3 && memcmp(values, expected, sizeof(expected)) == 0);
}

TEST(sigchld_says_what_became_of_a_child) {
    handle_info(SIGCHLD, note_info, SA_RESTART);
    pid_t pid = start([] { _exit(7); });
    EXPECT(wait_for(pid) == 7);
    EXPECT(last_info.si_code == CLD_EXITED && last_info.si_status == 7 && last_info.si_pid == pid && last_info.si_uid == 0);
    pid = start([] { raise(SIGKILL); });
    wait_for(pid);
    EXPECT(last_info.si_code == CLD_KILLED && last_info.si_status == SIGKILL && last_info.si_pid == pid);
}

// ---- faults ---------------------------------------------------------------------------------------------------------

sigjmp_buf way_out;

void note_and_leave(int signal, siginfo_t* info, void*) {
    note(signal);
    last_info = *info;
    siglongjmp(way_out, 1);
}

template <typename Body>
void expect_fault(Body body, int signal, int code, const void* address) {
    handle_info(signal, note_and_leave);
    last_info = {};
    if (!sigsetjmp(way_out, 1)) {
        body();
        EXPECT(!"a fault");
    }
    if (last_info.si_signo != signal || last_info.si_code != code || last_info.si_addr != address)
        fail_test("signal %d code %d address %p, not %d %d %p", last_info.si_signo, last_info.si_code, last_info.si_addr,
                  signal, code, address);
}

void store(void* at) { *static_cast<volatile char*>(at) = 1; }
void load(void* at) { (void)*static_cast<volatile char*>(at); }
void jump(void* at) { reinterpret_cast<void (*)()>(at)(); }

TEST(faults_say_where_and_why) {
    char* page = map(2);
    munmap(page + PAGE, PAGE);
    expect_fault([&] { store(page + PAGE + 5); }, SIGSEGV, SEGV_MAPERR, page + PAGE + 5);
    expect_fault([&] { load(page + PAGE + 7); }, SIGSEGV, SEGV_MAPERR, page + PAGE + 7);
    expect_fault([&] { jump(page + PAGE); }, SIGSEGV, SEGV_MAPERR, page + PAGE);
    expect_fault([&] { jump(page); }, SIGSEGV, SEGV_ACCERR, page);
    mprotect(page, PAGE, PROT_READ);
    expect_fault([&] { store(page + 9); }, SIGSEGV, SEGV_ACCERR, page + 9);
    mprotect(page, PAGE, PROT_NONE);
    expect_fault([&] { load(page); }, SIGSEGV, SEGV_ACCERR, page);
    expect_fault([&] { load(nullptr); }, SIGSEGV, SEGV_MAPERR, nullptr);
    void* kernel = reinterpret_cast<void*>(-PAGE);
    expect_fault([&] { load(kernel); }, SIGSEGV, SEGV_MAPERR, kernel);
    int fd = open("empty", O_RDWR | O_CREAT, 0600);
    void* past_end = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    expect_fault([&] { load(past_end); }, SIGBUS, BUS_ADRERR, past_end);
    static char code[] __attribute__((aligned(4))) = {0, 0, 0, 0};
    mprotect(reinterpret_cast<void*>(reinterpret_cast<long>(code) & -PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
    asm volatile("fence.i");
    expect_fault([&] { jump(code); }, SIGILL, ILL_ILLOPC, code);
    memcpy(code, "\x73\0\x10\0", 4);  // ebreak
    asm volatile("fence.i");
    expect_fault([&] { jump(code); }, SIGTRAP, TRAP_BRKPT, code);
}

TEST(a_handler_may_repair_what_it_was_called_for) {
    static char* page = map(1, PROT_READ);
    handle(SIGSEGV, [](int) { note(SIGSEGV); mprotect(page, PAGE, PROT_READ | PROT_WRITE); });
    store(page + 3);
    EXPECT(calls == 1 && page[3] == 1);
}

TEST(a_handler_may_change_where_the_program_goes_on) {
    handle_info(SIGILL, [](int, siginfo_t*, void* context) {
        auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.__gregs;
        registers[REG_PC] += 4;
        registers[REG_A0] = 77;
    });
    register long a0 asm("a0") = 1;
    asm volatile(".word 0xffffffff" : "+r"(a0));
    EXPECT(a0 == 77);
}

TEST(a_blocked_or_ignored_fault_kills) {
    EXPECT(child([] { signal(SIGSEGV, SIG_IGN); store(nullptr); }) == -SIGSEGV);
    EXPECT(child([] { handle(SIGSEGV, note); mask(SIG_BLOCK, {SIGSEGV}); store(nullptr); }) == -SIGSEGV);
    EXPECT(child([] { handle(SIGSEGV, [](int) { store(nullptr); }); store(nullptr); }) == -SIGSEGV);
    EXPECT(child([] { signal(SIGILL, SIG_IGN); asm volatile(".word 0xffffffff"); }) == -SIGILL);
}

TEST(no_stack_for_a_handler_kills) {
    EXPECT(child([] {
        handle(SIGUSR1, note);
        asm volatile("li sp, 16\n\tmv a0, %0\n\tli a1, %1\n\tli a7, %2\n\tecall\n1:\tj 1b" ::"r"(getpid()), "i"(SIGUSR1),
                     "i"(SYS_kill) : "a0", "a1", "a7");
    }) == -SIGSEGV);
}

// ---- masks and flags ------------------------------------------------------------------------------------------------

TEST(a_handler_blocks_its_signal_and_those_of_its_mask) {
    handle(SIGUSR1, [](int signal) {
        note(signal);
        EXPECT(is_blocked(SIGUSR1) && is_blocked(SIGUSR2) && !is_blocked(SIGTERM));
        if (calls == 1) {
            raise(SIGUSR1);
            raise(SIGUSR2);
            EXPECT(is_pending(SIGUSR1) && is_pending(SIGUSR2) && calls == 1);
        }
    }, 0, {SIGUSR2});
    handle(SIGUSR2, note);
    raise(SIGUSR1);
    EXPECT(calls == 3 && !is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
}

TEST(nodefer_and_resethand_do_as_they_say) {
    handle(SIGUSR1, [](int signal) {
        note(signal);
        if (calls < 4)
            raise(SIGUSR1);
        EXPECT(calls == 4);
    }, SA_NODEFER);
    raise(SIGUSR1);
    EXPECT(calls == 4);
    handle(SIGUSR2, note, SA_RESETHAND);
    raise(SIGUSR2);
    struct sigaction action;
    EXPECT(sigaction(SIGUSR2, nullptr, &action) == 0 && action.sa_handler == SIG_DFL && calls == 5);
    EXPECT(child([] { raise(SIGUSR2); }) == -SIGUSR2);
}

TEST(kill_and_stop_cannot_be_blocked_or_handled) {
    mask(SIG_BLOCK, {SIGKILL, SIGSTOP, SIGTERM});
    EXPECT(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP) && is_blocked(SIGTERM));
    EXPECT_ERROR(EINVAL, signal(SIGKILL, note));
    EXPECT_ERROR(EINVAL, signal(SIGSTOP, SIG_IGN));
    sigset_t set = set_of({});
    EXPECT_ERROR(EINVAL, sigprocmask(77, &set, nullptr));
    EXPECT(sigprocmask(77, nullptr, &set) == 0);
    EXPECT_ERROR(EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, nullptr, 16));
    EXPECT_ERROR(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, BAD_ADDRESS, nullptr, 8));
}

TEST(an_ignored_signal_is_forgotten_when_pending) {
    handle(SIGUSR1, note);
    mask(SIG_BLOCK, {SIGUSR1});
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    EXPECT(!is_pending(SIGUSR1));
    raise(SIGUSR1);
    EXPECT(is_pending(SIGUSR1));  // blocked ones are kept: the action may change
    handle(SIGUSR1, note);
    mask(SIG_UNBLOCK, {SIGUSR1});
    EXPECT(calls == 1);
}

TEST(sigsuspend_lets_through_while_it_waits) {
    handle(SIGUSR1, [](int signal) { note(signal); EXPECT(is_blocked(SIGUSR2) && is_blocked(SIGUSR1)); });
    mask(SIG_BLOCK, {SIGUSR1});
    raise(SIGUSR1);
    EXPECT(calls == 0);
    sigset_t meanwhile = set_of({SIGUSR2});
    EXPECT_ERROR(EINTR, sigsuspend(&meanwhile));
    EXPECT(calls == 1 && is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
    {
        Sender sender(SIGUSR1);
        EXPECT_ERROR(EINTR, sigsuspend(&meanwhile));
    }
    EXPECT(calls == 2);
    EXPECT_ERROR(EINVAL, syscall(SYS_rt_sigsuspend, &meanwhile, 4));
}

TEST(sigwait_takes_a_blocked_signal) {
    sigset_t set = set_of({SIGUSR1, SIGCHLD, SIGRTMIN + 1});
    siginfo_t info;
    timespec none = {}, some{.tv_sec = 0, .tv_nsec = 5'000'000};
    sigprocmask(SIG_BLOCK, &set, nullptr);
    EXPECT_ERROR(EAGAIN, sigtimedwait(&set, &info, &none));
    EXPECT_ERROR(EAGAIN, sigtimedwait(&set, &info, &some));
    raise(SIGUSR1);
    EXPECT(sigtimedwait(&set, &info, &none) == SIGUSR1 && info.si_pid == getpid() && !is_pending(SIGUSR1));
    pid_t pid = start([] { _exit(3); });
    EXPECT(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == pid && info.si_status == 3);
    kill(getpid(), SIGRTMIN + 1);
    EXPECT(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_pid == getpid());
    handle(SIGUSR2, note);
    set = set_of({SIGUSR1});
    {
        Sender sender(SIGUSR2);
        EXPECT_ERROR(EINTR, sigwaitinfo(&set, &info));
    }
    EXPECT(calls > 0);
    timespec bad{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    EXPECT_ERROR(EINVAL, sigtimedwait(&set, &info, &bad));
}

// ---- the alternate stack --------------------------------------------------------------------------------------------

char* other_stack;
constexpr size_t OTHER_SIZE = 16384;

bool is_on_other_stack() {
    char here;
    return &here >= other_stack && &here < other_stack + OTHER_SIZE;
}

TEST(a_handler_may_have_a_stack_of_its_own) {
    other_stack = map(OTHER_SIZE / PAGE);
    stack_t stack{.ss_sp = other_stack, .ss_flags = 0, .ss_size = OTHER_SIZE}, old;
    EXPECT(sigaltstack(&stack, &old) == 0 && old.ss_flags == SS_DISABLE);
    handle(SIGUSR1, [](int signal) {
        note(signal);
        stack_t now;
        EXPECT(is_on_other_stack() && sigaltstack(nullptr, &now) == 0 && now.ss_flags == SS_ONSTACK);
        EXPECT_ERROR(EPERM, sigaltstack(&now, nullptr));
        raise(SIGUSR2);
    }, SA_ONSTACK);
    handle(SIGUSR2, [](int signal) { note(signal); EXPECT(is_on_other_stack()); });
    raise(SIGUSR1);
    EXPECT(calls == 2 && sigaltstack(nullptr, &old) == 0 && old.ss_flags == 0 && old.ss_sp == other_stack);
    handle(SIGUSR2, [](int signal) { note(signal); EXPECT(!is_on_other_stack()); });
    raise(SIGUSR2);
    EXPECT(calls == 3);
    stack.ss_size = 2047;
    EXPECT_ERROR(ENOMEM, sigaltstack(&stack, nullptr));
    stack.ss_flags = 9;
    EXPECT_ERROR(EINVAL, sigaltstack(&stack, nullptr));
    EXPECT_ERROR(EFAULT, syscall(SYS_sigaltstack, BAD_ADDRESS, nullptr));
    stack.ss_flags = SS_DISABLE;
    EXPECT(sigaltstack(&stack, nullptr) == 0 && sigaltstack(nullptr, &old) == 0 && old.ss_flags == SS_DISABLE);
}

TEST(a_stack_overflow_can_be_handled_on_another_stack) {
    EXPECT(child([] {
        other_stack = map(OTHER_SIZE / PAGE);
        stack_t stack{.ss_sp = other_stack, .ss_flags = 0, .ss_size = OTHER_SIZE};
        sigaltstack(&stack, nullptr);
        handle(SIGSEGV, [](int) { _exit(is_on_other_stack() ? 5 : 6); }, SA_ONSTACK);
        struct Deep {
            static long fall(volatile char* above) {
                volatile char room[4096];
                room[0] = above ? above[0] : 1;
                return room[0] ? fall(room) + room[0] : 0;
            }
        };
        _exit(static_cast<int>(Deep::fall(nullptr)));
    }) == 5);
}

}  // namespace
