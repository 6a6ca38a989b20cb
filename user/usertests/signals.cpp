// Signals.

#include <signal.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "signals";

TEST(a_signal_ends_whatever_the_process_does) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t reader = start([&] { char byte; read(ends[0], &byte, 1); });
    pid_t spinner = start([] { for (;;) asm volatile(""); });
    pid_t sleeper = start([] { sleep_ms(100'000); });
    pid_t waiter = start([] { if (fork() == 0) { sleep_ms(300); _exit(0); } wait(nullptr); });
    sleep_ms(20);
    EXPECT(kill(reader, SIGKILL) == 0 && kill(spinner, SIGTERM) == 0 && kill(sleeper, SIGINT) == 0);
    EXPECT(kill(waiter, SIGHUP) == 0);
    EXPECT(wait_for(reader) == -SIGKILL && wait_for(spinner) == -SIGTERM);
    EXPECT(wait_for(sleeper) == -SIGINT && wait_for(waiter) == -SIGHUP);
    EXPECT_ERROR(ESRCH, kill(reader, SIGKILL));
    EXPECT_ERROR(EINVAL, kill(getpid(), 65));
    EXPECT(kill(getpid(), 0) == 0);
}

TEST(a_blocked_signal_waits) {
    EXPECT(child([] {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        raise(SIGTERM);
        sigpending(&set);
        EXPECT(sigismember(&set, SIGTERM) && !sigismember(&set, SIGINT));
        sigemptyset(&set);
        sigprocmask(SIG_SETMASK, &set, nullptr);
        _exit(1);
    }) == -SIGTERM);
    EXPECT(child([] {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        void* page = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *static_cast<volatile int*>(page) = 1;  // a fault cannot wait
    }) == -SIGSEGV);
}

TEST(what_is_ignored_has_no_effect) {
    EXPECT(child([] {
        signal(SIGTERM, SIG_IGN);
        raise(SIGTERM);
        raise(SIGCHLD);
        raise(SIGWINCH);
        _exit(8);
    }) == 8);
    EXPECT(signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL);
    EXPECT(child([] {
        signal(SIGINT, SIG_IGN);  // stays so across exec
        char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("exit 2"), nullptr};
        execv("/bin/sh", arguments);
    }) == 2);
}

TEST(a_pipe_without_readers_kills_its_writer) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    close(ends[0]);
    EXPECT(child([&] { write(ends[1], "x", 1); }) == -SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    EXPECT_ERROR(EPIPE, write(ends[1], "x", 1));
}

TEST(a_sleep_lasts_as_long_as_it_says) {
    timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    sleep_ms(30);
    clock_gettime(CLOCK_MONOTONIC, &after);
    EXPECT((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec >= 30'000'000);
    timespec bad{.tv_sec = 0, .tv_nsec = 1'000'000'000};
    EXPECT_ERROR(EINVAL, nanosleep(&bad, nullptr));
}

}  // namespace
