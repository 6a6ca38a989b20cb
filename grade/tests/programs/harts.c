// Work for several harts at once, for test_smp.py: `harts ROUNDS PART...` runs the named parts, each in several processes at a time,
// and says "PART ok" or what went wrong. It also runs on Linux.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_PROCESSES = 6, PAGE = 4096 };

static void fail(const char *what) {
    printf("harts: %s\n", what);
    fflush(stdout);
    _exit(1);
}

static void expect(int condition, const char *what) {
    if (!condition) fail(what);
}

static pid_t start(void) {
    fflush(stdout);
    pid_t child = fork();
    expect(child >= 0, "fork fails");
    return child;
}

static void finish(pid_t child, int expected) {
    int status;
    expect(waitpid(child, &status, 0) == child, "waitpid finds no child");
    expect(status == expected, "a child ended otherwise than it should");
}

// Children that write what they share with their parent, until they have a copy of it.
static void forks(int rounds) {
    char *page = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < rounds; i++) {
        memset(page, i, 4 * PAGE);
        pid_t child = start();
        if (child == 0) {
            for (int at = 0; at < 4 * PAGE; at++) expect(page[at] == (char)i, "a child sees other memory than its parent's");
            memset(page, ~i, 4 * PAGE);
            _exit(i & 0x7f);
        }
        finish(child, (i & 0x7f) << 8);
        for (int at = 0; at < 4 * PAGE; at++) expect(page[at] == (char)i, "a child wrote its parent's memory");
    }
    munmap(page, 4 * PAGE);
}

static void execs(int rounds) {
    for (int i = 0; i < rounds; i++) {
        pid_t child = start();
        if (child == 0) {
            execl(i % 2 ? "/bin/true" : "/bin/false", "x", (char *)0);
            fail("exec fails");
        }
        finish(child, i % 2 ? 0 : 1 << 8);
    }
}

// A number goes round and gets one larger in each process.
static void pipes(int rounds) {
    enum { RING = 4 };
    int ends[RING][2];
    pid_t children[RING];
    for (int i = 0; i < RING; i++) expect(pipe(ends[i]) == 0, "pipe fails");
    for (int i = 1; i < RING; i++) {
        children[i] = start();
        if (children[i] != 0) continue;
        for (int j = 0; j < RING; j++) close(ends[j][j == i - 1 ? 1 : 0]);
        long number;
        while (read(ends[i - 1][0], &number, sizeof number) == sizeof number) {
            number++;
            expect(write(ends[i][1], &number, sizeof number) == sizeof number, "write to a pipe fails");
            if (number >= (long)rounds * RING - RING) _exit(0);
        }
        _exit(0);
    }
    long number = 0;
    for (int i = 0; i < rounds; i++) {
        expect(write(ends[0][1], &number, sizeof number) == sizeof number, "write to a pipe fails");
        expect(read(ends[RING - 1][0], &number, sizeof number) == sizeof number, "read from a pipe fails");
        expect(number == (long)(i + 1) * (RING - 1) + i, "a pipe gave another number");
        number++;
    }
    for (int i = 0; i < RING; i++) close(ends[i][0]), close(ends[i][1]);
    for (int i = 1; i < RING; i++) finish(children[i], 0);
}

// The registers f0 to f31 are a process's own, wherever it runs.
static void floats(int rounds) {
    double sum = getpid(), twin = sum;
    for (int i = 0; i < rounds * 200; i++) {
        sum = sum * 1.0000001 + 0.5;
        if (i % 40 == 0) sched_yield();
        twin = twin * 1.0000001 + 0.5;
        expect(sum == twin, "a floating-point register changed");
    }
}

// A program that only computes hears of SIGKILL at once, and who sleeps wakes up in time.
static void signals(int rounds) {
    for (int i = 0; i < rounds; i++) {
        pid_t child = start();
        if (child == 0)
            for (volatile int spin = 0;; spin++) {
            }
        struct timespec moment = {0, i % 8 * 100000};
        nanosleep(&moment, 0);
        kill(child, SIGKILL);
        finish(child, SIGKILL);
    }
}

// THREADS of one address space: what one changes in it holds for all at once.

enum { THREADS = 3 };
static atomic_int is_over;
static atomic_long begun, replaced, looks;
static char *shared;

static void start_threads(pthread_t *threads, void *(*run)(void *)) {
    shared = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < THREADS; i++) expect(pthread_create(&threads[i], 0, run, 0) == 0, "a thread does not start");
}

static void end_threads(pthread_t *threads) {
    is_over = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
}

static void *look(void *unused) {
    while (!is_over) {
        long known = replaced, seen = *(volatile long *)shared;
        expect(seen == known || begun != known, "a thread sees a page that was replaced");
        looks++;
    }
    return unused;
}

static void replaces(int rounds) {
    pthread_t threads[THREADS];
    start_threads(threads, look);
    for (long i = 1; i <= rounds; i++) {
        begun = i;
        char *at = mmap(shared, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        expect(at == shared, "mmap fails");
        for (int j = 0; j < 4; j++)  // not always in the same order, so that the page is not always in the same frame
            *(volatile long *)(shared + (i + j) % 4 * PAGE) = (i + j) % 4 ? -i : i;
        replaced = i;
        for (long before = looks; looks < before + 2 * THREADS;) sched_yield();
    }
    end_threads(threads);
}

static void *count(void *unused) {
    while (!is_over)
        for (int at = 0; at < 4 * PAGE; at += PAGE) ++*(volatile long *)(shared + at);
    return unused;
}

// A child of fork does not see what its parent's other threads write afterwards.
static void snapshots(int rounds) {
    pthread_t threads[THREADS];
    start_threads(threads, count);
    for (int i = 0; i < rounds; i++) {
        pid_t child = start();
        if (child == 0) {
            long seen[4];
            for (int j = 0; j < 4; j++) seen[j] = *(volatile long *)(shared + j * PAGE);
            for (volatile int wait = 0; wait < 3000; wait++) {
            }
            for (int j = 0; j < 4; j++)
                expect(seen[j] == *(volatile long *)(shared + j * PAGE), "a thread writes the memory of another process");
            _exit(0);
        }
        finish(child, 0);
    }
    end_threads(threads);
}

static const struct {
    const char *name;
    void (*run)(int);
    int processes;
} PARTS[] = {{"forks", forks, 6}, {"execs", execs, 6}, {"pipes", pipes, 6}, {"floats", floats, 6}, {"signals", signals, 6},
           {"replaces", replaces, 1}, {"snapshots", snapshots, 1}};

static void run_part(const char *name, int rounds) {
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        if (strcmp(PARTS[i].name, name) != 0) continue;
        pid_t children[MOST_PROCESSES];
        for (int j = 0; j < PARTS[i].processes; j++) {
            children[j] = start();
            if (children[j] == 0) {
                PARTS[i].run(rounds);
                _exit(0);
            }
        }
        for (int j = 0; j < PARTS[i].processes; j++) finish(children[j], 0);
        printf("%s ok\n", name);
        return;
    }
    fail("there is no such part");
}

int main(int argc, char **argv) {
    if (argc < 3) fail("usage: harts ROUNDS PART...");
    for (int i = 2; i < argc; i++) run_part(argv[i], atoi(argv[1]));
    return 0;
}
