// What all tests share. Each TEST runs in a child of its own, in an empty directory of its own, so one that crashes is
// one failure. Its file names the GROUP that it belongs to: the test `groups_can_be_left` of the group `processes` is
// selected by `processes.groups_can_be_left`, or by any beginning of that.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

struct TestCase {
    std::string name;
    void (*body)();
    bool by_name;
};

std::vector<TestCase>& all_tests();
// What -s gave: for tests that do something random.
extern unsigned test_seed;

struct Registration {
    Registration(std::string group, const char* name, void (*body)(), bool by_name) {
        all_tests().push_back({group + "." + name, body, by_name});
    }
};

#define REGISTERED_TEST(name, by_name)                                                                                   \
    static void name();                                                                                                \
    static Registration name##_registration{GROUP, #name, name, by_name};                                                \
    static void name()
#define TEST(name) REGISTERED_TEST(name, false)
// A test that runs only when it is asked for by name, or with -a: it needs a console that is a terminal, for one.
#define TEST_BY_NAME(name) REGISTERED_TEST(name, true)

[[noreturn, gnu::format(printf, 1, 2)]] void fail_test(const char* format, ...);

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_test("%s:%d: not so: %s (errno %s)", __FILE_NAME__, __LINE__, #condition, strerrorname_np(errno));    \
    } while (false)

// The call returns -1 (or MAP_FAILED, which is the same bits) with this errno.
#define EXPECT_ERROR(error, call)                                                                                      \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long result = (long)(call);                                                                                    \
        int seen = errno;                                                                                              \
        if (result != -1 || seen != (error))                                                                           \
            fail_test("%s:%d: %s gave %ld, errno %s, not %s", __FILE_NAME__, __LINE__, #call, result,                  \
                      strerrorname_np(seen), strerrorname_np(error));                                                  \
    } while (false)

constexpr size_t PAGE = 4096;
constexpr int RW = PROT_READ | PROT_WRITE;
constexpr int PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr int SHARED = MAP_SHARED | MAP_ANONYMOUS;
constexpr unsigned long BEYOND = 1ul << 62;  // above any user address
constexpr long BAD_ADDRESS = 8;

inline char* map(size_t pages, int prot = RW, int flags = PRIVATE) {
    void* place = mmap(nullptr, pages * PAGE, prot, flags, -1, 0);
    EXPECT(place != MAP_FAILED);
    return static_cast<char*>(place);
}

// Something of type T that children share.
template <typename T>
T& shared() {
    return *reinterpret_cast<T*>(map((sizeof(T) + PAGE - 1) / PAGE, RW, SHARED));
}

// Where the two kernels may differ, a test says so with this.
inline bool is_astrolabe() {
    utsname names;
    return uname(&names) == 0 && strstr(names.release, "astrolabe");
}

inline void sleep_ms(long ms) {
    timespec time{.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
}

// ---- children -------------------------------------------------------------------------------------------------------

template <typename Body>
pid_t start(Body body) {
    fflush(stdout);
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        body();
        _exit(0);
    }
    return pid;
}

// How a child ended: its exit status, or minus the signal that killed it.
inline int wait_for(pid_t pid) {
    int status = 0;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// What became of a child that ran body.
template <typename Body>
int child(Body body) {
    return wait_for(start(body));
}
