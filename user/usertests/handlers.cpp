// Signal handlers: what they are told, what they see, and what becomes of the program around them.

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

constexpr char GROUP[] = "handlers";

volatile sig_atomic_t calls, last_signal;
siginfo_t last_info;

void note(int signal) {
    calls = calls + 1;
    last_signal = signal;
}

void note_info(int signal, siginfo_t* info, void*) {
    note(signal);
    last_info = *info;
}

void handle(int signal, void (*handler)(int), int flags = 0, std::vector<int> blocked = {}) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    for (int other : blocked)
        sigaddset(&action.sa_mask, other);
    EXPECT(sigaction(signal, &action, nullptr) == 0);
}

void handle_info(int signal, void (*handler)(int, siginfo_t*, void*), int flags = 0) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = flags | SA_SIGINFO;
    EXPECT(sigaction(signal, &action, nullptr) == 0);
}

sigset_t set_of(std::vector<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : signals)
        sigaddset(&set, signal);
    return set;
}

void mask(int how, std::vector<int> signals) {
    sigset_t set = set_of(signals);
    EXPECT(sigprocmask(how, &set, nullptr) == 0);
}

bool is_blocked(int signal) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, nullptr, &set);
    return sigismember(&set, signal);
}

bool is_pending(int signal) {
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

TEST(sigqueue_carries_a_value) {
    handle_info(SIGRTMIN + 1, note_info);
    sigval value{.sival_ptr = reinterpret_cast<void*>(0x1234567890)};
    EXPECT(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
    EXPECT(calls == 1 && last_info.si_code == SI_QUEUE && last_info.si_value.sival_ptr == value.sival_ptr);
    siginfo_t info = {};
    info.si_code = SI_USER;
    EXPECT_ERROR(EPERM, syscall(SYS_rt_sigqueueinfo, getppid(), SIGURG, &info));
    EXPECT_ERROR(ESRCH, sigqueue(999'999, SIGURG, value));
    EXPECT_ERROR(EINVAL, sigqueue(getpid(), 65, value));
}

TEST(real_time_signals_queue_up_in_order_others_do_not) {
    static int values[8], count;
    handle_info(SIGRTMIN + 2, [](int, siginfo_t* info, void*) { values[count++] = info->si_value.sival_int; });
    handle_info(SIGRTMIN + 1, [](int, siginfo_t* info, void*) { values[count++] = 100 + info->si_value.sival_int; });
    handle(SIGUSR1, note);
    mask(SIG_BLOCK, {SIGRTMIN + 1, SIGRTMIN + 2, SIGUSR1});
    for (int i = 0; i < 3; i++) {
        sigqueue(getpid(), SIGRTMIN + 2, {.sival_int = i});
        sigqueue(getpid(), SIGRTMIN + 1, {.sival_int = i});
        kill(getpid(), SIGUSR1);
    }
    EXPECT(is_pending(SIGUSR1) && is_pending(SIGRTMIN + 2) && !is_pending(SIGUSR2));
    mask(SIG_UNBLOCK, {SIGRTMIN + 1, SIGRTMIN + 2, SIGUSR1});
    EXPECT(count == 6 && calls == 1);
    // The lowest number is taken first, so its frame is the deepest: its handlers run last.
    int expected[] = {0, 1, 2, 100, 101, 102};
    EXPECT(memcmp(values, expected, sizeof(expected)) == 0);
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
    sigqueue(getpid(), SIGRTMIN + 1, {.sival_int = 9});
    EXPECT(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_value.sival_int == 9);
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

// ---- registers ------------------------------------------------------------------------------------------------------

TEST(floating_point_registers_survive_a_handler) {
    handle(SIGUSR1, [](int signal) {
        note(signal);
        for (double x = 1; x < 50; x++)
            asm volatile("fmv.d fs0, %0\n\tfmv.d ft0, %0\n\tfmv.d fa5, %0" ::"f"(x) : "fs0", "ft0", "fa5");
        fesetround(FE_TOWARDZERO);
    });
    double kept = 2.5, scratch = 0;
    fesetround(FE_UPWARD);
    asm volatile(
        "fmv.d ft0, %1\n\tmv a0, %2\n\tli a1, %3\n\tli a7, %4\n\tecall\n\tfmv.d %0, ft0"
        : "=f"(scratch) : "f"(kept), "r"(static_cast<long>(getpid())), "i"(SIGUSR1), "i"(SYS_kill)
        : "a0", "a1", "a7", "ft0", "memory");
    EXPECT(calls == 1 && scratch == 2.5 && fegetround() == FE_UPWARD);
}

TEST(a_handler_sees_and_changes_floating_point_registers) {
    handle_info(SIGUSR1, [](int signal, siginfo_t*, void* context) {
        note(signal);
        auto& fp = static_cast<ucontext_t*>(context)->uc_mcontext.__fpregs.__d;
        double value;
        memcpy(&value, &fp.__f[0], sizeof(value));
        value *= 2;
        memcpy(&fp.__f[0], &value, sizeof(value));
    });
    double kept = 2.5, seen = 0;
    asm volatile(
        "fmv.d ft0, %1\n\tmv a0, %2\n\tli a1, %3\n\tli a7, %4\n\tecall\n\tfmv.d %0, ft0"
        : "=f"(seen) : "f"(kept), "r"(static_cast<long>(getpid())), "i"(SIGUSR1), "i"(SYS_kill)
        : "a0", "a1", "a7", "ft0", "memory");
    EXPECT(calls == 1 && seen == 5);
}

TEST(all_registers_survive_signals_that_come_at_any_time) {
    handle(SIGALRM, note);
    itimerval timer{.it_interval = {0, 1000}, .it_value = {0, 1000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
    unsigned long sum = 0;
    double product = 1;
    for (unsigned long i = 1; calls < 20; i++) {
        sum += i * i;
        product = product * 1.0000001;
        if (i % 1000 == 0) {
            unsigned long again = 0;
            double again_product = 1;
            for (unsigned long j = i - 999; j <= i; j++)
                again += j * j, again_product *= 1.0000001;
            EXPECT(again == sum);
            double difference = product - again_product;
            EXPECT(difference == 0);
            sum = 0;
            product = 1;
        }
    }
}

// ---- calls that are interrupted -------------------------------------------------------------------------------------

// A child that signals us, then gives what `end` says.
template <typename End>
pid_t signal_then(End end) {
    return start([=, parent = getpid()] {
        for (int i = 0; i < 4; i++) {
            sleep_ms(5);
            kill(parent, SIGUSR1);
        }
        end();
    });
}

TEST(a_read_is_interrupted_or_made_again) {
    int ends[2];
    char byte;
    EXPECT(pipe(ends) == 0);
    handle(SIGUSR1, note);
    {
        Sender sender(SIGUSR1);
        EXPECT_ERROR(EINTR, read(ends[0], &byte, 1));
    }
    calls = 0;
    handle(SIGUSR1, note, SA_RESTART);
    pid_t pid = signal_then([=] { write(ends[1], "x", 1); });
    EXPECT(read(ends[0], &byte, 1) == 1 && byte == 'x' && calls > 0);
    wait_for(pid);
}

TEST(a_wait_is_interrupted_or_made_again) {
    int status;
    handle(SIGUSR1, note);
    pid_t slow = start([] { pause(); });
    {
        Sender sender(SIGUSR1);
        EXPECT_ERROR(EINTR, waitpid(slow, &status, 0));
    }
    handle(SIGUSR1, note, SA_RESTART);
    signal_then([=] { kill(slow, SIGTERM); });
    EXPECT(waitpid(slow, &status, 0) == slow && WTERMSIG(status) == SIGTERM);
}

TEST(a_sleep_is_interrupted_and_says_what_is_left) {
    handle(SIGUSR1, note, SA_RESTART);
    Sender sender(SIGUSR1);
    timespec time{.tv_sec = 1000, .tv_nsec = 0}, left = {};
    EXPECT_ERROR(EINTR, nanosleep(&time, &left));
    EXPECT(left.tv_sec >= 100 && left.tv_sec < 1000);
    EXPECT(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left) == EINTR && left.tv_sec >= 100);
    EXPECT_ERROR(EINTR, poll(nullptr, 0, 1'000'000));
    EXPECT_ERROR(EINTR, pause());
}

TEST(a_signal_without_handler_does_not_shorten_a_sleep) {
    pid_t helper = start([pid = getpid()] {
        for (;;)
            for (int signal : {SIGCHLD, SIGSTOP, SIGCONT}) {
                sleep_ms(3);
                kill(pid, signal);
            }
    });
    timespec before, after, time{.tv_sec = 0, .tv_nsec = 60'000'000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT(nanosleep(&time, nullptr) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    EXPECT((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec >= 60'000'000);
    EXPECT(poll(nullptr, 0, 30) == 0);
    kill(helper, SIGKILL);
    wait_for(helper);
}

TEST(ppoll_and_pselect_have_a_mask_meanwhile) {
    handle(SIGUSR1, note, SA_RESTART);
    mask(SIG_BLOCK, {SIGUSR1});
    raise(SIGUSR1);
    sigset_t none = set_of({}), both = set_of({SIGUSR1});
    timespec zero = {}, longer{.tv_sec = 100, .tv_nsec = 0};
    EXPECT(ppoll(nullptr, 0, &zero, &both) == 0 && calls == 0);
    EXPECT_ERROR(EINTR, ppoll(nullptr, 0, &longer, &none));
    EXPECT(calls == 1 && is_blocked(SIGUSR1));
    raise(SIGUSR1);
    EXPECT_ERROR(EINTR, pselect(0, nullptr, nullptr, nullptr, &longer, &none));
    EXPECT(calls == 2 && is_blocked(SIGUSR1));
    EXPECT_ERROR(EINVAL, syscall(SYS_ppoll, nullptr, 0, &zero, &none, 4));
}

// ---- alarms ---------------------------------------------------------------------------------------------------------

TEST(an_alarm_comes_once_or_again_and_again) {
    handle_info(SIGALRM, note_info);
    itimerval timer{.it_interval = {}, .it_value = {1000, 0}}, now;
    EXPECT(setitimer(ITIMER_REAL, &timer, nullptr) == 0);
    EXPECT(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_sec >= 100 && now.it_interval.tv_sec == 0);
    timer.it_value = {0, 5000};
    EXPECT(setitimer(ITIMER_REAL, &timer, &now) == 0 && now.it_value.tv_sec >= 100);
    while (calls < 1)
        sleep_ms(1);
    EXPECT(calls == 1 && last_info.si_code == SI_KERNEL);
    EXPECT(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_usec == 0);
    timer.it_interval = {0, 2000};
    EXPECT(setitimer(ITIMER_REAL, &timer, nullptr) == 0);
    while (calls < 5)
        sleep_ms(1);
    timer = {};
    EXPECT(setitimer(ITIMER_REAL, &timer, &now) == 0 && now.it_interval.tv_usec == 2000);
    EXPECT(alarm(1000) == 0 && alarm(0) > 100);
    timer.it_value.tv_usec = 1'000'000;
    EXPECT_ERROR(EINVAL, setitimer(ITIMER_REAL, &timer, nullptr));
    EXPECT_ERROR(EINVAL, syscall(SYS_setitimer, 9, nullptr, nullptr));
}

TEST(an_alarm_kills_who_does_not_care_and_is_not_inherited) {
    EXPECT(child([] { ualarm(5000, 0); for (;;) pause(); }) == -SIGALRM);
    handle(SIGALRM, note);
    alarm(1000);
    EXPECT(child([] { _exit(static_cast<int>(alarm(0))); }) == 0);
    EXPECT(child([] {
        signal(SIGALRM, SIG_DFL);
        ualarm(20'000, 0);
        execl("/bin/sh", "sh", "-c", "while :; do :; done", nullptr);
    }) == -SIGALRM);
}

// ---- threads --------------------------------------------------------------------------------------------------------

std::atomic<pid_t> receiver;

TEST(a_thread_gets_what_is_sent_to_it_alone) {
    handle(SIGUSR1, [](int) { receiver = gettid(); });
    static std::atomic<pid_t> tid;
    static std::atomic<bool> stop;
    pthread_t thread;
    pthread_create(&thread, nullptr, [](void*) -> void* { tid = gettid(); while (!stop) sleep_ms(1); return nullptr; }, nullptr);
    while (!tid)
        sleep_ms(1);
    EXPECT(syscall(SYS_tgkill, getpid(), tid.load(), SIGUSR1) == 0);
    while (!receiver)
        sleep_ms(1);
    EXPECT(receiver == tid);
    receiver = 0;
    mask(SIG_BLOCK, {SIGUSR1});  // the process's goes to who does not block it
    kill(getpid(), SIGUSR1);
    while (!receiver)
        sleep_ms(1);
    EXPECT(receiver == tid);
    EXPECT_ERROR(ESRCH, syscall(SYS_tgkill, getpid() + 1000, tid.load(), SIGUSR1));
    EXPECT_ERROR(EINVAL, syscall(SYS_tgkill, getpid(), 0, SIGUSR1));
    EXPECT_ERROR(EINVAL, syscall(SYS_tkill, -1, SIGUSR1));
    EXPECT_ERROR(ESRCH, syscall(SYS_tkill, 999'999, SIGUSR1));
    EXPECT_ERROR(EINVAL, syscall(SYS_tkill, tid.load(), 65));
    EXPECT(syscall(SYS_tkill, tid.load(), 0) == 0);
    stop = true;
    pthread_join(thread, nullptr);
}

TEST(another_thread_takes_what_one_leaves_pending) {
    handle(SIGUSR1, [](int) { receiver = gettid(); });
    mask(SIG_BLOCK, {SIGUSR1});
    static std::atomic<bool> go;
    pthread_t first, second;
    pthread_create(&first, nullptr, [](void*) -> void* { while (!go) sleep_ms(1); return nullptr; }, nullptr);
    kill(getpid(), SIGUSR1);
    EXPECT(is_pending(SIGUSR1));
    go = true;
    pthread_join(first, nullptr);
    EXPECT(receiver == 0);
    pthread_create(&second, nullptr, [](void*) -> void* { mask(SIG_UNBLOCK, {SIGUSR1}); return nullptr; }, nullptr);
    pthread_join(second, nullptr);
    EXPECT(receiver != 0 && receiver != gettid());
}

}  // namespace
