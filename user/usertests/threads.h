// What the tests of threads and futexes share.
#pragma once

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

constexpr long SECOND = 1'000'000'000;

inline long futex(const void* word, int op, unsigned value, const void* timeout = nullptr, const void* second = nullptr, unsigned value3 = 0) {
    return syscall(SYS_futex, word, op, value, timeout, second, value3);
}

// For those system calls that take a count where others take a timeout.
inline const void* count(long n) { return reinterpret_cast<const void*>(n); }

inline timespec in(clockid_t clock, long ns) {
    timespec time;
    clock_gettime(clock, &time);
    long sum = time.tv_nsec + ns;
    return {.tv_sec = time.tv_sec + sum / SECOND, .tv_nsec = sum % SECOND};
}

template <typename Condition>
inline void wait_until(Condition condition) {
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

}  // namespace
