// Threads and futexes.

#include "threads.h"

namespace {

constexpr char GROUP[] = "threads";

// ---- threads --------------------------------------------------------------------------------------------------------

TEST(threads_share_memory_and_end_when_joined) {
    int counts[8] = {};
    {
        std::vector<pthread_t> threads(8);
        for (int i = 0; i < 8; i++)
            EXPECT(pthread_create(&threads[i], nullptr, [](void* count) -> void* {
                *static_cast<int*>(count) += 7;
                return count;
            }, &counts[i]) == 0);
        for (int i = 0; i < 8; i++) {
            void* result;
            EXPECT(pthread_join(threads[i], &result) == 0 && result == &counts[i]);
        }
    }
    for (int count : counts)
        EXPECT(count == 7);
}

TEST(threads_have_numbers_of_their_own) {
    pid_t first = 0, second = 0, process = 0;
    Thread a([&] { first = gettid(); process = getpid(); });
    a.join();
    Thread b([&] { second = gettid(); });
    b.join();
    EXPECT(process == getpid() && gettid() == getpid());
    EXPECT(first > 0 && first != process && second > 0 && second != process);
}

TEST(threads_share_descriptors_directory_and_limits) {
    int fd = -1;
    Thread a([&] {
        fd = open("/dev/null", O_RDONLY);
        chdir("/bin");
        umask(077);
        rlimit limit{.rlim_cur = 100, .rlim_max = 200};
        setrlimit(RLIMIT_NOFILE, &limit);
    });
    a.join();
    char directory[16], byte;
    EXPECT(fd >= 0 && read(fd, &byte, 1) == 0);
    EXPECT(getcwd(directory, sizeof(directory)) && strcmp(directory, "/bin") == 0);
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT(limit.rlim_cur == 100 && umask(0) == 077);
}

TEST(threads_of_one_process_must_share_all_of_it) {
    EXPECT_ERROR(EINVAL, syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
}

// clone3(2) in its first form.
long clone3_with(uint64_t flags, uint64_t exit_signal, size_t size, uint64_t stack_size = 0, uint64_t set_tid_size = 0) {
    clone_args arguments = {};
    arguments.flags = flags;
    arguments.exit_signal = exit_signal;
    arguments.stack_size = stack_size;
    arguments.set_tid_size = set_tid_size;
    return syscall(SYS_clone3, &arguments, size);
}

TEST(clone3_makes_processes) {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    signal(SIGUSR2, SIG_IGN);
    for (uint64_t flags : {uint64_t{0}, uint64_t{CLONE_VFORK}, uint64_t{CLONE_CLEAR_SIGHAND}}) {
        long child = clone3_with(flags, SIGCHLD, sizeof(clone_args));
        if (child == 0) {
            struct sigaction usr1, usr2;
            syscall(SYS_rt_sigaction, SIGUSR1, nullptr, &usr1, 8);
            syscall(SYS_rt_sigaction, SIGUSR2, nullptr, &usr2, 8);
            syscall(SYS_exit_group, (usr1.sa_handler == SIG_DFL) + 2 * (usr2.sa_handler == SIG_IGN));
        }
        int status = 0;
        EXPECT(waitpid(child, &status, 0) == child);
        EXPECT(WEXITSTATUS(status) == (flags & CLONE_CLEAR_SIGHAND ? 3 : 2));
    }
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
}

TEST(clone3_refuses_what_does_not_fit) {
    EXPECT_ERROR(EINVAL, clone3_with(0, SIGCHLD, CLONE_ARGS_SIZE_VER0 - 1));
    EXPECT_ERROR(E2BIG, clone3_with(0, SIGCHLD, 5000));
    EXPECT_ERROR(EINVAL, clone3_with(SIGCHLD, 0, sizeof(clone_args)));
    EXPECT_ERROR(EINVAL, clone3_with(0, 65, sizeof(clone_args)));
    EXPECT_ERROR(EINVAL, clone3_with(CLONE_DETACHED, SIGCHLD, sizeof(clone_args)));
    EXPECT_ERROR(EINVAL, clone3_with(0, SIGCHLD, sizeof(clone_args), 4096));
    EXPECT_ERROR(EINVAL, clone3_with(0, SIGCHLD, sizeof(clone_args), 0, 1));
    EXPECT_ERROR(EINVAL, clone3_with(CLONE_CLEAR_SIGHAND | CLONE_SIGHAND | CLONE_VM, SIGCHLD, sizeof(clone_args)));
    EXPECT_ERROR(EINVAL, clone3_with(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, SIGCHLD, sizeof(clone_args)));
    EXPECT_ERROR(EFAULT, syscall(SYS_clone3, nullptr, sizeof(clone_args)));
}

TEST(a_mutex_excludes) {
    struct {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        long count = 0;
        void add() {
            for (int i = 0; i < 20'000; i++) {
                pthread_mutex_lock(&mutex);
                count++;
                if (i % 1000 == 0)
                    sched_yield();
                pthread_mutex_unlock(&mutex);
            }
        }
    } shared;
    {
        auto body = [&] { shared.add(); };
        Thread a(body), b(body), c(body), d(body);
    }
    EXPECT(shared.count == 80'000);
}

TEST(a_condition_passes_turns) {
    struct {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
        int turn = 0;
        void play(int mine) {
            for (int i = 0; i < 300; i++) {
                pthread_mutex_lock(&mutex);
                while (turn % 3 != mine)
                    pthread_cond_wait(&changed, &mutex);
                turn++;
                pthread_cond_broadcast(&changed);
                pthread_mutex_unlock(&mutex);
            }
        }
    } game;
    {
        Thread a([&] { game.play(0); });
        Thread b([&] { game.play(1); });
        Thread c([&] { game.play(2); });
    }
    EXPECT(game.turn == 900);
}

TEST(a_barrier_holds_until_all_are_there) {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 4);
    std::atomic<int> arrived = 0, wrong = 0;
    {
        auto body = [&] {
            for (int round = 1; round <= 50; round++) {
                arrived++;
                pthread_barrier_wait(&barrier);
                wrong += arrived < 4 * round;
                pthread_barrier_wait(&barrier);
            }
        };
        Thread a(body), b(body), c(body), d(body);
    }
    EXPECT(arrived == 200 && wrong == 0);
}

TEST(thread_local_values_are_apart) {
    static thread_local int mine = 3;
    int theirs = 0;
    Thread a([&] { mine += 10; theirs = mine; });
    a.join();
    EXPECT(mine == 3 && theirs == 13);
}

TEST(floating_point_registers_are_a_threads_own) {
    std::atomic<int> wrong = 0;
    {
        auto body = [&](double x) {
            double sum = 0;
            for (int i = 1; i <= 3000; i++) {
                sum += x / i;
                if (i % 100 == 0)
                    sched_yield();
            }
            double expected = 0;
            for (int i = 1; i <= 3000; i++)
                expected += x / i;
            wrong += sum != expected;
        };
        Thread a([&] { body(1); });
        Thread b([&] { body(1e100); });
        Thread c([&] { body(-3); });
    }
    EXPECT(wrong == 0);
}

// ---- the end --------------------------------------------------------------------------------------------------------

TEST(exit_ends_all_threads) {
    EXPECT(child([] {
        for (int i = 0; i < 5; i++)
            new Thread([=] { for (;;) i % 2 ? pause() : 0; });
        int ends[2];
        pipe(ends);
        new Thread([=] { char byte; read(ends[0], &byte, 1); });
        new Thread([] { unsigned word = 0; futex(&word, FUTEX_WAIT, 0); });
        sleep_ms(10);
        exit(5);
    }) == 5);
    EXPECT(child([] {
        new Thread([] { sleep_ms(5); _exit(6); });
        for (;;)
            pause();
    }) == 6);
}

TEST(a_fatal_signal_ends_all_threads) {
    EXPECT(child([] {
        new Thread([] { pause(); });
        new Thread([] { *static_cast<volatile int*>(nullptr) = 1; });
        pause();
    }) == -SIGSEGV);
}

TEST(a_process_lasts_as_long_as_its_last_thread) {
    EXPECT(child([] {
        new Thread([] { sleep_ms(20); _exit(9); });
        syscall(SYS_exit, 3);
    }) == 9);
    EXPECT(child([] {
        new Thread([] { sleep_ms(20); syscall(SYS_exit, 4); });
        syscall(SYS_exit, 3);  // the last thread's status counts
    }) == 4);
}

TEST(a_child_of_a_thread_is_the_process_s) {
    pid_t pid = 0;
    Thread a([&] {
        pid = fork();
        if (pid == 0)
            _exit(getppid() == getpid() ? 1 : 11);
    });
    a.join();
    EXPECT(wait_for(pid) == 11);
}

TEST(fork_takes_along_the_calling_thread_alone) {
    std::atomic<bool> stop = false;
    std::atomic<long> count = 0;
    {
        Thread a([&] { while (!stop) { count++; sched_yield(); } });
        wait_until([&] { return count > 0; });
        EXPECT(child([&] {
            long before = count;
            sleep_ms(10);
            _exit(count == before && gettid() == getpid() ? 0 : 1);
        }) == 0);
        stop = true;
    }
}

TEST(exec_ends_the_other_threads_and_keeps_the_pid) {
    const char* const words[] = {"sh", "-c", "exit 7", nullptr};
    auto exec = [&] { execv("/bin/sh", const_cast<char* const*>(words)); };
    EXPECT(child([&] {
        new Thread([] { pause(); });
        exec();
    }) == 7);
    EXPECT(child([&] {  // not the first thread
        new Thread([] { for (;;) {} });
        new Thread([&] { sleep_ms(5); exec(); });
        for (;;)
            pause();
    }) == 7);
    EXPECT(child([&] {  // several at once: one wins
        std::atomic<bool> all_there = false;  // Linux refuses a new thread (EAGAIN) once another one is inside exec
        for (int i = 0; i < 4; i++)
            new Thread([&] { wait_until([&] { return all_there.load(); }); exec(); });
        all_there = true;
        for (;;)
            pause();
    }) == 7);
}

TEST(an_exec_that_fails_leaves_the_threads_alone) {
    std::atomic<int> ticks = 0;
    std::atomic<bool> stop = false;
    Thread a([&] { while (!stop) { ticks++; sleep_ms(1); } });
    EXPECT(execl("/no/such", "such", nullptr) == -1 && errno == ENOENT);
    int before = ticks;
    wait_until([&] { return ticks > before + 1; });
    stop = true;
}

TEST(many_threads_come_and_go) {
    for (int round = 0; round < 3; round++) {
        std::vector<Thread<void (*)()>*> threads;
        for (int i = 0; i < 30; i++)
            threads.push_back(new Thread(+[] { sched_yield(); }));
        for (auto* thread : threads)
            delete thread;
    }
}

TEST(too_many_threads_are_an_error) {
    EXPECT(child([] {
        setuid(1000);  // Linux lets root have more
        rlimit limit{.rlim_cur = 60, .rlim_max = 60};
        setrlimit(RLIMIT_NPROC, &limit);
        pthread_t thread;
        int error = 0, made = 0;
        for (; made < 100 && !error; made++)
            error = pthread_create(&thread, nullptr, [](void*) -> void* { pause(); return nullptr; }, nullptr);
        _exit(error == EAGAIN && made < 100 ? 0 : 1);
    }) == 0);
}

TEST(the_tid_word_is_cleared_and_woken) {
    static char stack[16384] __attribute__((aligned(16)));
    static std::atomic<pid_t> word = 1;
    pid_t parent_word = 0;
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
                CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    pid_t tid = clone([](void*) -> int { sleep_ms(10); syscall(SYS_exit, 0); return 0; }, stack + sizeof(stack), flags,
                      nullptr, &parent_word, nullptr, &word);
    EXPECT(tid > 0 && parent_word == tid);
    while (pid_t now = word)
        futex(&word, FUTEX_WAIT, now);
}

}  // namespace
