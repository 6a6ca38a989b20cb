// usertests: what Linux promises of its system calls, one test a promise. The same program passes on Linux:
// grade/run-on-linux build/user/root -- /bin/usertests.
//
//   usertests [-a] [-l] [-m] [-s SEED] [NAME...]      a NAME is a test's, or any beginning of it: `files`, `files.a_hole`
//     -a  also the tests that need a terminal        -l  only list them
//     -s  in another order; the seed is for random tests, too    -m  again and again, until no memory is lost in one run

#include <algorithm>
#include <random>
#include <stdarg.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "testing.h"

unsigned test_seed = 1;

std::vector<TestCase>& all_tests() {
    static std::vector<TestCase> tests;
    return tests;
}

void fail_test(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("     ");
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    _exit(1);
}

namespace {

struct Options {
    bool all = false, list = false, memory = false, shuffle = false;
    std::vector<std::string_view> names;
};

bool is_chosen(const TestCase& test, const Options& options) {
    if (options.names.empty()) return !test.by_name || options.all;
    return std::any_of(options.names.begin(), options.names.end(),
                       [&](std::string_view name) { return test.name.starts_with(name); });
}

// Grouped, within a group as they stand in their file; or shuffled.
std::vector<TestCase> chosen_tests(const Options& options) {
    std::vector<TestCase> tests;
    std::copy_if(all_tests().begin(), all_tests().end(), std::back_inserter(tests),
                 [&](const TestCase& test) { return is_chosen(test, options); });
    auto group = [](const TestCase& test) { return std::string_view(test.name).substr(0, test.name.find('.')); };
    std::stable_sort(tests.begin(), tests.end(), [&](auto& a, auto& b) { return group(a) < group(b); });
    if (options.shuffle) std::shuffle(tests.begin(), tests.end(), std::mt19937(test_seed));
    return tests;
}

// The child's wait status. As the first process this one also has orphans to wait for.
int wait_status_of(pid_t pid) {
    int status = 1;
    for (pid_t ended; (ended = wait(&status)) != pid;)
        if (ended < 0 && errno != EINTR) return 1;
    return status;
}

void remove_tree(const char* path) {
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/rm", "rm", "-rf", path, nullptr);
        _exit(1);
    }
    wait_status_of(pid);
}

bool passes(const TestCase& test) {
    fflush(stdout);
    char directory[] = "/tmp/usertests.XXXXXX";
    if (!mkdtemp(directory)) {
        printf("FAIL %s: %s: %s\n", test.name.c_str(), directory, strerror(errno));
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(directory) != 0) _exit(1);
        srandom(test_seed);
        test.body();
        fflush(stdout);
        _exit(0);
    }
    int status = wait_status_of(pid);
    if (WIFSIGNALED(status)) printf("     killed by SIG%s\n", sigabbrev_np(WTERMSIG(status)));
    printf("%s %s\n", status == 0 ? "ok  " : "FAIL", test.name.c_str());
    remove_tree(directory);
    return status == 0;
}

int run(const std::vector<TestCase>& tests) {
    int failed = 0;
    for (const TestCase& test : tests)
        failed += !passes(test);
    printf("%zu passed, %d failed\n", tests.size() - static_cast<size_t>(failed), failed);
    fflush(stdout);
    return failed > 0 || tests.empty();
}

unsigned long free_memory() {
    struct sysinfo info;
    return sysinfo(&info) == 0 ? info.freeram * info.mem_unit : 0;
}

// What ends late, an orphan for one, may give its memory back a little later.
unsigned long settled_free_memory(unsigned long wanted) {
    for (int i = 0; i < 100 && free_memory() < wanted; i++) {
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        sleep_ms(10);
    }
    return free_memory();
}

// Again and again, until one run has left no less memory than the one before: the first fill the kernel's caches. What loses
// some in each has lost it for ever.
int run_until_stable(const std::vector<TestCase>& tests) {
    constexpr int MOST_RUNS = 5;
    int status = run(tests);
    unsigned long before = 0, after = settled_free_memory(~0ul);
    for (int i = 1; i == 1 || (i < MOST_RUNS && after < before); i++) {
        before = after;
        status |= run(tests);
        after = settled_free_memory(before);
        printf("%lu KiB free before, %lu KiB after\n", before >> 10, after >> 10);
    }
    return status | (after < before);
}

int usage() {
    fprintf(stderr, "usage: usertests [-a] [-l] [-m] [-s SEED] [NAME...]\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int option; (option = getopt(argc, argv, "alms:")) != -1;) {
        if (option == '?') return usage();
        if (option == 's') test_seed = static_cast<unsigned>(strtoul(optarg, nullptr, 0));
        (option == 'a' ? options.all : option == 'l' ? options.list : option == 'm' ? options.memory : options.shuffle) =
            true;
    }
    options.names.assign(argv + optind, argv + argc);
    std::vector<TestCase> tests = chosen_tests(options);
    if (options.list) {
        for (const TestCase& test : tests)
            printf("%s\n", test.name.c_str());
        return 0;
    }
    mkdir("/tmp", 0777);
    if (options.shuffle) printf("seed %u\n", test_seed);
    return options.memory ? run_until_stable(tests) : run(tests);
}
