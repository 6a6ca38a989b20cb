// bench: what one operation costs, on whatever Linux-like kernel runs it.
//
//     bench [row...]        each row:   name  nanoseconds for one operation
//     bench parallel N      time for N processes, each of which starts /bin/true 100 times
//
// Under QEMU's -icount shift=0 the clock counts instructions, one a nanosecond, and the same run gives the same numbers.
// A row runs its operation in rounds and shows the median of the rounds. A clock ticks at 100 ns, so short operations are
// measured many at a time.
#include <algorithm>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t PAGE = 4096;
constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

long now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] void give_up(const char* what) {
    perror(what);
    exit(1);
}

// The median time of one of `count` operations that round() does; `before` and `after` are not measured.
template <typename Round, typename Before, typename After>
long median(int rounds, int count, Round round, Before before, After after) {
    std::vector<long> times;
    for (int i = 0; i < rounds + 1; i++) {
        before();
        long start = now();
        round();
        long time = now() - start;
        after();
        if (i > 0) times.push_back(time);  // the first one warms up
    }
    std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
    return times[rounds / 2] / count;
}

void nothing() {}

// A short operation, `count` of them at a time.
template <typename Operation>
long repeat(int count, Operation operation) {
    auto round = [&] {
        for (int i = 0; i < count; i++)
            operation();
    };
    return median(9, count, round, nothing, nothing);
}

char* map_pages(size_t pages, int flags = MAP_PRIVATE | MAP_ANONYMOUS, int fd = -1) {
    void* at = mmap(nullptr, pages * PAGE, READ_WRITE, flags, fd, 0);
    if (at == MAP_FAILED) give_up("mmap");
    return static_cast<char*>(at);
}

void touch(volatile char* at, size_t pages) {
    for (size_t i = 0; i < pages; i++)
        at[i * PAGE] = 1;
}

char look(volatile const char* at, size_t pages) {
    char sum = 0;
    for (size_t i = 0; i < pages; i++)
        sum += at[i * PAGE];
    return sum;
}

void wait_for(pid_t child) {
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) give_up("fork or waitpid");
    if (status != 0) give_up("a child failed");
}

// CALLS AND SIGNALS

long getppid_() { return repeat(1000, [] { syscall(SYS_getppid); }); }

long signal_() {
    signal(SIGUSR1, [](int) {});
    return repeat(100, [] { kill(getpid(), SIGUSR1); });
}

char* protected_page;

// The handler makes the page writable again, and the store is made once more.
long protect_signal() {
    protected_page = map_pages(1);
    touch(protected_page, 1);
    signal(SIGSEGV, [](int) { mprotect(protected_page, PAGE, READ_WRITE); });
    long time = repeat(100, [] {
        mprotect(protected_page, PAGE, PROT_READ);
        touch(protected_page, 1);
    });
    signal(SIGSEGV, SIG_DFL);
    return time;
}

// MEMORY

long map_unmap() { return repeat(100, [] { munmap(map_pages(1), PAGE); }); }

long map_touch_unmap() {
    return repeat(100, [] {
        char* page = map_pages(1);
        touch(page, 1);
        munmap(page, PAGE);
    });
}

long map_touch_unmap_256() {
    auto round = [] {
        char* pages = map_pages(256);
        touch(pages, 256);
        munmap(pages, 256 * PAGE);
    };
    return median(9, 256, round, nothing, nothing);
}

template <typename Access>
long fault(Access access) {
    char* pages;
    return median(9, 256, [&] { access(pages); }, [&] { pages = map_pages(256); }, [&] { munmap(pages, 256 * PAGE); });
}

long write_fault() { return fault([](char* pages) { touch(pages, 256); }); }
long read_fault() { return fault([](char* pages) { look(pages, 256); }); }

long protect_flip() {
    char* page = map_pages(1);
    touch(page, 1);
    auto both = [page] {
        mprotect(page, PAGE, PROT_READ);
        mprotect(page, PAGE, READ_WRITE);
    };
    return repeat(100, both) / 2;
}

long dontneed_touch() {
    char* pages = map_pages(256);
    auto round = [&] {
        madvise(pages, 256 * PAGE, MADV_DONTNEED);
        touch(pages, 256);
    };
    return median(9, 256, round, nothing, nothing);
}

long brk_touch() {
    return repeat(100, [] {
        char* page = static_cast<char*>(sbrk(PAGE));
        touch(page, 1);
        sbrk(-static_cast<long>(PAGE));
    });
}

// PROCESSES

long fork_wait(int rounds = 15) {
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

void* no_thread(void*) { return nullptr; }

long thread() {
    return repeat(20, [] {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, no_thread, nullptr) != 0) give_up("pthread_create");
        pthread_join(thread, nullptr);
    });
}

// FILES

// Two processes hand one byte to and fro.
long pipe_round_trip() {
    constexpr int TRIPS = 100;
    int there[2], back[2];
    if (pipe(there) || pipe(back)) give_up("pipe");
    pid_t child = fork();
    char byte = 0;
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    close(there[0]);
    long time = repeat(TRIPS, [&] {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) give_up("pipe");
    });
    close(there[1]);
    wait_for(child);
    return time;
}

long pipe_4096() {
    static char bytes[PAGE];
    int ends[2];
    if (pipe(ends)) give_up("pipe");
    return repeat(100, [&] {
        if (write(ends[1], bytes, PAGE) != PAGE || read(ends[0], bytes, PAGE) != PAGE) give_up("pipe");
    });
}

constexpr size_t FILE_PAGES = 64;

int scratch_file() {
    static char page[PAGE] = "bench";
    int fd = open("/tmp/bench.scratch", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) give_up("/tmp/bench.scratch");
    unlink("/tmp/bench.scratch");
    for (size_t i = 0; i < FILE_PAGES; i++)
        if (write(fd, page, PAGE) != PAGE) give_up("write");
    return fd;
}

long pread_4096() {
    static char bytes[PAGE];
    int fd = scratch_file();
    return repeat(100, [&] {
        if (pread(fd, bytes, PAGE, 8 * PAGE) != PAGE) give_up("pread");
    });
}

template <typename Access>
long file_fault(Access access) {
    int fd = scratch_file();
    char* pages;
    long time = median(9, FILE_PAGES, [&] { access(pages); }, [&] { pages = map_pages(FILE_PAGES, MAP_PRIVATE, fd); },
                       [&] { munmap(pages, FILE_PAGES * PAGE); });
    close(fd);
    return time;
}

long file_read_fault() { return file_fault([](char* pages) { look(pages, FILE_PAGES); }); }
long file_write_fault() { return file_fault([](char* pages) { touch(pages, FILE_PAGES); }); }

long open_close() { return repeat(100, [] { close(open("/bin/true", O_RDONLY)); }); }

// MANY MAPPINGS. Neighbours differ in their rights, so none can be joined.

// What each operation costs among `count` mappings, in the order of MANY_ROWS.
struct Many {
    long map_unmap, refill, touch, create, remove, fork;
};

Many with_mappings(size_t count) {
    Many result;
    char* area = map_pages(count);  // one mapping, cut up from below
    char* spare = map_pages(1);
    munmap(spare, PAGE);
    auto rights = [](size_t i) { return i % 2 ? PROT_READ : READ_WRITE; };
    long start = now();
    for (size_t i = 0; i < count; i++)
        if (mmap(area + i * PAGE, PAGE, rights(i), MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) give_up("mmap");
    result.create = (now() - start) / static_cast<long>(count);
    result.map_unmap = map_unmap();
    char* middle = area + count / 2 / 2 * 2 * PAGE;
    result.refill = repeat(100, [&] {
        munmap(middle, PAGE);
        mmap(middle, PAGE, READ_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    });
    size_t next = 0;
    int touched = static_cast<int>(std::min<size_t>(count / 4, 64));
    start = now();
    for (int i = 0; i < touched; i++, next += 2)
        touch(area + (count / 4 * 2 + next) % count * PAGE, 1);
    result.touch = (now() - start) / touched;
    result.fork = fork_wait(count > 1000 ? 2 : 9);
    start = now();
    munmap(area, count * PAGE);
    result.remove = (now() - start) / static_cast<long>(count);
    return result;
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

struct Row {
    const char* name;
    long (*measure)();
};

constexpr Row ROWS[] = {
    {"getppid", getppid_}, {"map-unmap", map_unmap}, {"map-touch-unmap", map_touch_unmap},
    {"map-touch-unmap-256", map_touch_unmap_256}, {"write-fault", write_fault}, {"read-fault", read_fault},
    {"protect-flip", protect_flip}, {"protect-signal", protect_signal}, {"dontneed-touch", dontneed_touch},
    {"signal", signal_}, {"brk-touch", brk_touch}, {"fork", fork_plain}, {"vfork", vfork_wait}, {"fork-exec", fork_exec},
    {"fork-1024", fork_1024}, {"cow-child", cow_child}, {"cow-owner", cow_owner}, {"pipe-round-trip", pipe_round_trip},
    {"pipe-4096", pipe_4096}, {"pread-4096", pread_4096}, {"file-read-fault", file_read_fault},
    {"file-write-fault", file_write_fault}, {"open-close", open_close}, {"thread", thread},
};

constexpr size_t MANY[] = {10, 1'000, 10'000, 50'000};
constexpr struct {
    const char* name;
    long Many::*field;
} MANY_ROWS[] = {{"map-unmap", &Many::map_unmap}, {"refill", &Many::refill}, {"touch", &Many::touch},
                 {"create", &Many::create}, {"remove", &Many::remove}, {"fork", &Many::fork}};

}  // namespace

int main(int argc, char** argv) {
    auto is_wanted = [&](const char* name) {
        return argc == 1 || std::any_of(argv + 1, argv + argc, [&](char* word) { return strcmp(word, name) == 0; });
    };
    setlinebuf(stdout);
    if (argc == 3 && strcmp(argv[1], "parallel") == 0) {
        printf("parallel %ld\n", parallel(atoi(argv[2])));
        return 0;
    }
    for (const Row& row : ROWS)
        if (is_wanted(row.name)) printf("%-24s %ld\n", row.name, row.measure());
    if (!is_wanted("many")) return 0;
    for (size_t count : MANY) {
        Many result = with_mappings(count);
        for (const auto& row : MANY_ROWS)
            printf("many-%s-%zu %ld\n", row.name, count, result.*row.field);
    }
    return 0;
}
