// A program of tests: each TEST runs in a child of its own, so one that crashes is one failure.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

struct TestCase {
    const char* name;
    void (*body)();
};

std::vector<TestCase>& all_tests() {
    static std::vector<TestCase> tests;
    return tests;
}

struct Registration {
    Registration(const char* name, void (*body)()) { all_tests().push_back({name, body}); }
};

#define TEST(name)                                                                                                     \
    void name();                                                                                                       \
    Registration name##_registration{#name, name};                                                                     \
    void name()

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("     line %d: not so: %s (errno %s)\n", __LINE__, #condition, strerrorname_np(errno));             \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (false)

// The call returns -1 (or MAP_FAILED, which is the same bits) with this errno.
#define EXPECT_ERROR(error, call)                                                                                      \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long result = (long)(call);                                                                                    \
        int seen = errno;                                                                                              \
        if (result != -1 || seen != (error)) {                                                                         \
            printf("     line %d: %s gave %ld, errno %s, not %s\n", __LINE__, #call, result, strerrorname_np(seen),    \
                   strerrorname_np(error));                                                                            \
            fflush(stdout);                                                                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (false)

// What became of a child that ran body: its exit status, or minus the signal that killed it.
template <typename Body>
int child(Body body) {
    fflush(stdout);
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

bool passes(const TestCase& test) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        test.body();
        fflush(stdout);
        _exit(0);
    }
    int status = 1;
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) {
        printf("     killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
    }
    printf("%s %s\n", status == 0 ? "ok  " : "FAIL", test.name);
    return status == 0;
}

// Runs them all, or those with argv[1] in their names; the exit status of the program.
int run_tests(int argc, char** argv) {
    int passed = 0, failed = 0;
    for (const TestCase& test : all_tests()) {
        if (argc < 2 || strstr(test.name, argv[1])) {
            (passes(test) ? passed : failed)++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

}  // namespace
