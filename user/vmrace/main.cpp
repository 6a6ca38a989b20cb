// vmrace: threads that change one address space side by side, while other processes look at it, and an exec or exit ends it all.
// Each thread knows what its own pages hold; in a window that all share anything may happen but a wrong kernel.
//
//     vmrace [-m] [-n ROUNDS] [-c CALLS] [-t THREADS] [-s SEED]      -m: the memory must be free again in the end
//
// Runs on Linux, too.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "players.h"

namespace {

struct Options {
    unsigned rounds = 4, calls = 400, threads = 4;
    unsigned long seed = 1;
    bool memory = false;
};

// Reads what /proc shows of the process until it has ended.
[[noreturn]] void watch(pid_t pid) {
    std::string directory = "/proc/" + std::to_string(pid) + "/";
    char bytes[512];
    for (bool is_there = true; is_there;) {
        for (const char* name : {"maps", "status", "cmdline", "stat"}) {
            int fd = open((directory + name).c_str(), O_RDONLY);
            is_there = fd >= 0;
            while (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0) continue;
            close(fd);
        }
        int mem = open((directory + "mem").c_str(), O_RDONLY);
        for (unsigned page = 0; mem >= 0 && page < PLAYERS_PAGES; page += 3)
            (void)!pread(mem, bytes, 64, static_cast<off_t>(PLAYERS_WINDOW + page * 4096));
        close(mem);
        usleep(500);
    }
    _exit(0);
}

// A round is a process of its own. Its status: 0 when it ended as it should.
int play_round(const Options& options, unsigned round) {
    pid_t player = fork();
    if (player == 0) play(options.threads, options.calls, options.seed * 1000 + round, round % 2 ? Ending::exec : Ending::exit);
    pid_t watcher = fork();
    if (watcher == 0) watch(player);
    int status = -1;
    while (waitpid(player, &status, 0) < 0 && errno == EINTR) continue;
    while (waitpid(watcher, nullptr, 0) < 0 && errno == EINTR) continue;
    return status;
}

unsigned long free_memory() {
    struct sysinfo info;
    return sysinfo(&info) == 0 ? info.freeram * info.mem_unit >> 10 : 0;
}

unsigned long settled_memory(unsigned long wanted) {
    for (int i = 0; i < 100 && free_memory() < wanted; i++) {
        while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
        usleep(10'000);
    }
    return free_memory();
}

int play_all(const Options& options) {
    for (unsigned round = 0; round < options.rounds; round++)
        if (int status = play_round(options, round)) {
            printf("round %u: %s %d\n", round, WIFSIGNALED(status) ? "killed by signal" : "ended with",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
            return 1;
        }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && !strcmp(argv[1], "--afterwards")) return 0;
    Options options;
    for (int option; (option = getopt(argc, argv, "mn:c:t:s:")) != -1;) {
        unsigned long value = optarg ? strtoul(optarg, nullptr, 10) : 0;
        if (option == 'm') options.memory = true;
        else if (option == 'n') options.rounds = static_cast<unsigned>(value);
        else if (option == 'c') options.calls = static_cast<unsigned>(value);
        else if (option == 't') options.threads = static_cast<unsigned>(value);
        else if (option == 's') options.seed = value;
        else return 2;
    }
    setvbuf(stdout, nullptr, _IONBF, 0);
    printf("seed %lu\n", options.seed);
    if (play_all(options)) return 1;
    if (options.memory) {
        // The first runs fill the kernel's caches: what loses memory in each has lost it for ever.
        unsigned long before = 0, after = settled_memory(~0ul);
        for (int i = 0; i == 0 || (i < 4 && after < before); i++) {
            before = after;
            if (play_all(options)) return 1;
            after = settled_memory(before);
        }
        if (after < before) return printf("%lu KiB free before, %lu KiB after\n", before, after), 1;
    }
    printf("%u rounds of %u threads\n", options.rounds, options.threads);
    return 0;
}
