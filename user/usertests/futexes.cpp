// Futexes, and scheduling.

#include "threads.h"

namespace {

constexpr char GROUP[] = "threads";

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

TEST(a_robust_list_has_a_size) {
    char head[24] = {};
    Thread a([&] { EXPECT_ERROR(EINVAL, syscall(SYS_set_robust_list, head, sizeof(head) - 1)); });
}

// ---- scheduling -----------------------------------------------------------------------------------------------------

TEST(harts_can_be_asked_for) {
    cpu_set_t set;
    EXPECT(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_ISSET(0, &set));
    EXPECT_ERROR(EINVAL, syscall(SYS_sched_getaffinity, 0, 4, &set));
    EXPECT_ERROR(ESRCH, sched_getaffinity(999'999, sizeof(set), &set));
}

}  // namespace
