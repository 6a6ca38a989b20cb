// Processes and threads.
#include <pthread.h>

#include "bench.h"

// PROCESSES

long fork_wait(int rounds) {
    auto round = [] {
        pid_t child = fork();
        if (child == 0) _exit(0);
        wait_for(child);
    };
    return median(rounds, 1, round, nothing, nothing);
}

long fork_plain() { return fork_wait(); }

long vfork_wait() {
    auto round = [] {
        pid_t child = vfork();
        if (child == 0) _exit(0);
        wait_for(child);
    };
    return median(15, 1, round, nothing, nothing);
}

long fork_exec() {
    auto round = [] {
        pid_t child = fork();
        if (child == 0) {
            execl("/bin/true", "true", nullptr);
            _exit(1);
        }
        wait_for(child);
    };
    return median(15, 1, round, nothing, nothing);
}

long fork_1024() {
    char* pages = map_pages(1024);
    touch(pages, 1024);
    long time = fork_wait(9);
    munmap(pages, 1024 * PAGE);
    return time;
}

// The child writes each page of the parent's, and says through shared memory what it took.
long cow_child() {
    char* pages = map_pages(256);
    auto* result = reinterpret_cast<long*>(map_pages(1, MAP_SHARED | MAP_ANONYMOUS));
    touch(pages, 256);
    touch(reinterpret_cast<char*>(result), 1);
    std::vector<long> times;
    for (int i = 0; i < 9; i++) {
        pid_t child = fork();
        if (child == 0) {
            long start = now();
            touch(pages, 256);
            *result = now() - start;
            _exit(0);
        }
        wait_for(child);
        times.push_back(*result);
    }
    std::nth_element(times.begin(), times.begin() + 4, times.end());
    return times[4] / 256;
}

// The child has gone: the parent is the pages' only owner again.
long cow_owner() {
    char* pages = map_pages(256);
    touch(pages, 256);
    auto fork_once = [] {
        pid_t child = fork();
        if (child == 0) _exit(0);
        wait_for(child);
    };
    return median(9, 256, [&] { touch(pages, 256); }, fork_once, nothing);
}

static void* no_thread(void*) { return nullptr; }

long thread() {
    return repeat(20, [] {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, no_thread, nullptr) != 0) give_up("pthread_create");
        pthread_join(thread, nullptr);
    });
}

// SEVERAL HARTS

long parallel(int workers) {
    long start = now();
    std::vector<pid_t> children;
    for (int i = 0; i < workers; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int n = 0; n < 100; n++) {
                pid_t program = fork();
                if (program == 0) {
                    execl("/bin/true", "true", nullptr);
                    _exit(1);
                }
                wait_for(program);
            }
            _exit(0);
        }
        children.push_back(child);
    }
    for (pid_t child : children)
        wait_for(child);
    return now() - start;
}
