// Signals that come in the middle: registers, calls that are interrupted, alarms, threads.

#include "handlers.h"

namespace {

constexpr char GROUP[] = "handlers";

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
    timer.it_value = {0, 5000};
    EXPECT(setitimer(ITIMER_REAL, &timer, &now) == 0 && now.it_value.tv_sec >= 100 && now.it_interval.tv_sec == 0);
    while (calls < 1)
        sleep_ms(1);
    EXPECT(calls == 1 && last_info.si_code == SI_KERNEL);
    timer.it_interval = {0, 2000};
    EXPECT(setitimer(ITIMER_REAL, &timer, &now) == 0 && now.it_value.tv_usec == 0);
    while (calls < 5)
        sleep_ms(1);
    timer = {};
    EXPECT(setitimer(ITIMER_REAL, &timer, &now) == 0 && now.it_interval.tv_usec == 2000);
    EXPECT(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_usec == 0 && now.it_interval.tv_usec == 0);
    EXPECT(alarm(1000) == 0 && getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_sec >= 100 && alarm(0) > 100);
    EXPECT_ERROR(EINVAL, syscall(SYS_getitimer, 9, &now));
    EXPECT_ERROR(EFAULT, syscall(SYS_getitimer, ITIMER_REAL, BAD_ADDRESS));
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
