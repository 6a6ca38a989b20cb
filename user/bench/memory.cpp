// Calls, signals, and memory.
#include <signal.h>
#include <sys/syscall.h>

#include "bench.h"

// CALLS AND SIGNALS

long getppid_() { return repeat(1000, [] { syscall(SYS_getppid); }); }

long signal_() {
    signal(SIGUSR1, [](int) {});
    return repeat(100, [] { kill(getpid(), SIGUSR1); });
}

static char* protected_page;

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

long map_unmap() { return repeat_mapping([] { munmap(map_pages(1), PAGE); }); }

long map_touch_unmap() {
    return repeat_mapping([] {
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
static long fault(Access access) {
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
    return repeat_mapping([] {
        char* page = static_cast<char*>(sbrk(PAGE));
        touch(page, 1);
        sbrk(-static_cast<long>(PAGE));
    });
}
