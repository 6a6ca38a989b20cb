// Threads and futexes.

#include <atomic>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "threads";
constexpr long SECOND = 1'000'000'000;

long futex(const void* word, int op, unsigned value, const void* timeout = nullptr, const void* second = nullptr, unsigned value3 = 0) {
    return syscall(SYS_futex, word, op, value, timeout, second, value3);
}

// For those system calls that take a count where others take a timeout.
const void* count(long n) { return reinterpret_cast<const void*>(n); }

timespec in(clockid_t clock, long ns) {
    timespec time;
    clock_gettime(clock, &time);
    long sum = time.tv_nsec + ns;
    return {.tv_sec = time.tv_sec + sum / SECOND, .tv_nsec = sum % SECOND};
}

template <typename Condition>
void wait_until(Condition condition) {
    while (!condition())
        sleep_ms(1);
}

template <typename Body>
struct Thread {
    explicit Thread(Body body_) : body(body_) {
        EXPECT(pthread_create(&handle, nullptr, [](void* self) -> void* {
            static_cast<Thread*>(self)->body();
            return nullptr;
        }, this) == 0);
    }
    ~Thread() { join(); }
    void join() {
        if (!joined)
            EXPECT(pthread_join(handle, nullptr) == 0);
        joined = true;
    }
    Body body;
    pthread_t handle;
    bool joined = false;
};

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
        for (int i = 0; i < 4; i++)
            new Thread(exec);
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

// ---- futexes --------------------------------------------------------------------------------------------------------

TEST(a_futex_wait_looks_first) {
    unsigned word = 5;
    EXPECT_ERROR(EAGAIN, futex(&word, FUTEX_WAIT, 4));
    EXPECT_ERROR(EAGAIN, futex(&word, FUTEX_WAIT_PRIVATE, 6));
    EXPECT_ERROR(EFAULT, futex(nullptr, FUTEX_WAIT_PRIVATE, 0));
    EXPECT_ERROR(EFAULT, futex(nullptr, FUTEX_WAKE, 1));
    EXPECT(futex(nullptr, FUTEX_WAKE_PRIVATE, 1) == 0);
    EXPECT_ERROR(EINVAL, futex(reinterpret_cast<char*>(&word) + 1, FUTEX_WAIT, 5));
    EXPECT_ERROR(EINVAL, futex(reinterpret_cast<char*>(&word) + 2, FUTEX_WAKE, 1));
    EXPECT_ERROR(EINVAL, futex(&word, FUTEX_WAIT_BITSET, 5, nullptr, nullptr, 0));
    EXPECT_ERROR(EINVAL, futex(&word, FUTEX_WAKE_BITSET, 1, nullptr, nullptr, 0));
    EXPECT_ERROR(ENOSYS, futex(&word, 99, 1));
    EXPECT_ERROR(ENOSYS, futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 5));
    EXPECT_ERROR(EFAULT, futex(reinterpret_cast<void*>(-4096L), FUTEX_WAKE_PRIVATE, 1));
    timespec bad{.tv_sec = 0, .tv_nsec = SECOND};
    EXPECT_ERROR(EINVAL, futex(&word, FUTEX_WAIT, 5, &bad));
    EXPECT_ERROR(EFAULT, futex(&word, FUTEX_WAIT, 5, reinterpret_cast<void*>(16)));
    EXPECT(futex(&word, FUTEX_WAKE, 1) == 0);
}

TEST(a_futex_wait_has_an_end) {
    unsigned word = 5;
    timespec short_time{.tv_sec = 0, .tv_nsec = 5'000'000}, before;
    clock_gettime(CLOCK_MONOTONIC, &before);
    EXPECT_ERROR(ETIMEDOUT, futex(&word, FUTEX_WAIT, 5, &short_time));
    timespec after = in(CLOCK_MONOTONIC, 0);
    EXPECT((after.tv_sec - before.tv_sec) * SECOND + after.tv_nsec - before.tv_nsec >= 5'000'000);
    timespec soon = in(CLOCK_MONOTONIC, 5'000'000);
    EXPECT_ERROR(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &soon, nullptr, 1));
    after = in(CLOCK_MONOTONIC, 0);
    EXPECT(after.tv_sec > soon.tv_sec || (after.tv_sec == soon.tv_sec && after.tv_nsec >= soon.tv_nsec));
    soon = in(CLOCK_REALTIME, 5'000'000);
    EXPECT_ERROR(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &soon, nullptr, 1));
    timespec past{.tv_sec = 0, .tv_nsec = 1};
    EXPECT_ERROR(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET, 5, &past, nullptr, 1));
}

struct Sleepers {
    unsigned word = 0;
    std::atomic<int> woken = 0;
    unsigned others = 0;
};

// Wakes, again and again until somebody was there.
int wake_one_of(unsigned* word, int op = FUTEX_WAKE, unsigned bits = 0) {
    for (;;) {
        if (long n = futex(word, op, 1, nullptr, nullptr, bits)) return static_cast<int>(n);
        sleep_ms(1);
    }
}

TEST(a_wake_lets_as_many_go_as_it_says) {
    Sleepers s;
    auto body = [&] { EXPECT(futex(&s.word, FUTEX_WAIT_PRIVATE, 0) == 0); s.woken++; };
    Thread a(body), b(body), c(body);
    EXPECT(wake_one_of(&s.word, FUTEX_WAKE_PRIVATE) == 1);
    wait_until([&] { return s.woken == 1; });
    sleep_ms(5);
    EXPECT(s.woken == 1);
    long more = 0;
    while (more < 2)
        more += futex(&s.word, FUTEX_WAKE_PRIVATE, 10);
    wait_until([&] { return s.woken == 3; });
}

TEST(a_bitset_chooses_who_wakes) {
    Sleepers s;
    Thread a([&] { futex(&s.word, FUTEX_WAIT_BITSET, 0, nullptr, nullptr, 1); s.woken |= 1; });
    Thread b([&] { futex(&s.word, FUTEX_WAIT_BITSET, 0, nullptr, nullptr, 2); s.woken |= 2; });
    EXPECT(wake_one_of(&s.word, FUTEX_WAKE_BITSET, 2) == 1);
    wait_until([&] { return s.woken == 2; });
    EXPECT(futex(&s.word, FUTEX_WAKE_BITSET, 9, nullptr, nullptr, 2 | 4) == 0);
    EXPECT(wake_one_of(&s.word, FUTEX_WAKE_BITSET, 5) == 1);
    wait_until([&] { return s.woken == 3; });
}

TEST(a_requeue_moves_sleepers) {
    Sleepers s;
    auto body = [&] { EXPECT(futex(&s.word, FUTEX_WAIT, 0) == 0); s.woken++; };
    Thread a(body), b(body), c(body);
    sleep_ms(20);
    EXPECT_ERROR(EAGAIN, futex(&s.word, FUTEX_CMP_REQUEUE, 1, count(2), &s.others, 1));
    EXPECT_ERROR(EINVAL, futex(&s.word, FUTEX_REQUEUE, 1, count(-1), &s.others));
    long done = 0;
    while (done < 1)
        done = futex(&s.word, FUTEX_CMP_REQUEUE, 1, count(0), &s.others, 0);
    wait_until([&] { return s.woken == 1; });
    while (done < 3)
        done += futex(&s.word, FUTEX_REQUEUE, 0, count(5), &s.others);
    EXPECT(futex(&s.word, FUTEX_WAKE, 5) == 0);
    EXPECT(futex(&s.others, FUTEX_WAKE, 5) == 2);
    wait_until([&] { return s.woken == 3; });
}

TEST(a_futex_in_shared_memory_works_between_processes) {
    auto& word = shared<std::atomic<unsigned>>();
    pid_t pid = start([&] {
        auto* elsewhere = static_cast<std::atomic<unsigned>*>(mremap(&word, 0, PAGE, MREMAP_MAYMOVE));
        while (elsewhere[0] == 0)
            futex(elsewhere, FUTEX_WAIT, 0);
        _exit(3);
    });
    sleep_ms(5);
    word = 1;
    futex(&word, FUTEX_WAKE, 1);
    EXPECT(wait_for(pid) == 3);
}

TEST(a_semaphore_between_processes_counts) {
    auto* both = &shared<sem_t>();
    sem_init(&both[0], 1, 0);
    sem_init(&both[1], 1, 0);
    EXPECT(child([&] {
        pid_t pid = fork();
        for (int i = 0; i < 100; i++) {
            sem_post(&both[pid == 0]);
            sem_wait(&both[pid != 0]);
        }
        if (pid == 0)
            _exit(0);
        wait(nullptr);
    }) == 0);
}

TEST(a_robust_lock_survives_its_owner) {
    pthread_mutex_t mutex;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex, &attributes);
    std::atomic<bool> locked = false;
    Thread owner([&] { pthread_mutex_lock(&mutex); locked = true; sleep_ms(10); });
    wait_until([&] { return locked.load(); });
    EXPECT(pthread_mutex_lock(&mutex) == EOWNERDEAD);
    EXPECT(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    EXPECT(pthread_mutex_lock(&mutex) == 0);
}

TEST(a_robust_lock_between_processes_survives_a_kill) {
    auto* mutex = &shared<pthread_mutex_t>();
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &attributes);
    EXPECT(child([&] { pthread_mutex_lock(mutex); kill(getpid(), SIGKILL); }) == -SIGKILL);
    EXPECT(pthread_mutex_lock(mutex) == EOWNERDEAD);
}

TEST(the_robust_list_can_be_read_back) {
    void* head = nullptr;
    size_t size = 0;
    EXPECT(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && head && size == 24);
    EXPECT_ERROR(EINVAL, syscall(SYS_set_robust_list, head, 23));
    EXPECT_ERROR(ESRCH, syscall(SYS_get_robust_list, 999'999, &head, &size));
}

// ---- scheduling -----------------------------------------------------------------------------------------------------

TEST(harts_and_policies_can_be_asked_for) {
    cpu_set_t set;
    EXPECT(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_ISSET(0, &set));
    EXPECT(sched_setaffinity(0, sizeof(set), &set) == 0);
    CPU_ZERO(&set);
    EXPECT_ERROR(EINVAL, sched_setaffinity(0, sizeof(set), &set));
    EXPECT_ERROR(EINVAL, syscall(SYS_sched_getaffinity, 0, 4, &set));
    EXPECT_ERROR(ESRCH, sched_getaffinity(999'999, sizeof(set), &set));
    unsigned hart = 99;
    EXPECT(getcpu(&hart, nullptr) == 0 && hart < 8);
    sched_param parameters{.sched_priority = 5};
    EXPECT(sched_getscheduler(0) == SCHED_OTHER);
    EXPECT(sched_getparam(0, &parameters) == 0 && parameters.sched_priority == 0);
    EXPECT(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1);
    EXPECT(sched_get_priority_max(SCHED_OTHER) == 0);
    EXPECT_ERROR(EINVAL, sched_get_priority_min(77));
    EXPECT(sched_setscheduler(0, SCHED_OTHER, &parameters) == 0);
    parameters.sched_priority = 1;
    EXPECT_ERROR(EINVAL, sched_setscheduler(0, SCHED_OTHER, &parameters));
}

}  // namespace
