#include "arguments.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr uint64_t PAGE = 4096;
constexpr uint64_t ARENA = 0x10'0000'0000;  // 32 pages for data, a read-only one, one without rights, a hole; then 64 pages to map in
constexpr uint64_t DATA_PAGES = 32, READ_ONLY = ARENA + DATA_PAGES * PAGE, NO_RIGHTS = READ_ONLY + PAGE, HOLE = NO_RIGHTS + PAGE;
constexpr uint64_t PLAYGROUND = ARENA + 64 * PAGE, PLAYGROUND_PAGES = 64;

constexpr const char* NAMES[] = {"a", "b", "c", "d", "d/e", "d/../a", "./b", "link", "loop", "d/link", "script", "new",
                                 "new/x", ".", "..", "", "/", "/proc", "/proc/self", "/proc/self/maps",
                                 "/proc/self/fd/3", "/proc/self/status", "/proc/meminfo", "null", "zero", "full", "urandom", "a/b",
                                 "tmpfs", "proc", "ext2"};

constexpr uint64_t EDGES[] = {0, 1, 7, 8, PAGE - 1, PAGE, PAGE + 1, 65536, 1ul << 20, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32,
                              (1ul << 38) - PAGE, 1ul << 38, 1ul << 39, (1ul << 63) - 1, 1ul << 63, 0xffffffc000000000,
                              0xffffffc080200000, -PAGE, -8ul, -1ul};

constexpr uint64_t REQUESTS[] = {TCGETS, TCSETS, TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, TIOCSCTTY, TIOCNOTTY, TCFLSH};

void make_file(const char* name, size_t size) {
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
    if (size > 0) ftruncate(fd, static_cast<off_t>(size)), pwrite(fd, name, 1, static_cast<off_t>(size - 1));
    close(fd);
}

}  // namespace

Arguments::Arguments(Random& random) : random_(random), self_(getpid()) {
    auto map = [](uint64_t at, uint64_t pages, int rights) {
        mmap(reinterpret_cast<void*>(at), pages * PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    };
    map(ARENA, DATA_PAGES, PROT_READ | PROT_WRITE);
    map(READ_ONLY, 1, PROT_READ);
    map(NO_RIGHTS, 1, PROT_NONE);
    map(PLAYGROUND, PLAYGROUND_PAGES / 2, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 64; i++)
        stir();
    make_file("a", 100);
    make_file("b", 3 * PAGE + 5);
    make_file("c", 0);
    mkdir("d", 0755);
    make_file("d/e", 10);
    symlink("a", "link"), symlink("loop", "loop"), symlink("../b", "d/link");
    for (std::string device : {"null", "zero", "full", "urandom"})  // through links: a device that is removed is gone for all
        symlink(("/dev/" + device).c_str(), device.c_str());
    int script = open("script", O_RDWR | O_CREAT | O_CLOEXEC, 0755);
    write(script, "#!/bin/true x\n", 14);
    close(script);
    // Descriptors 3 to 12, whatever this process had there. Calls before may have put a pipe in any place: nothing waits for one.
    for (int fd = 3; fd < 1000; fd++) close(fd);
    int ends[2];
    open("a", O_RDWR), open("b", O_RDONLY | O_NONBLOCK), open(".", O_RDONLY | O_DIRECTORY), pipe2(ends, O_NONBLOCK);
    open("/dev/zero", O_RDWR), open("/proc/self/maps", O_RDONLY | O_NONBLOCK), open("/proc/self", O_RDONLY | O_NONBLOCK), open("d/e", O_RDWR | O_APPEND);
    open("/dev/urandom", O_RDONLY | O_NONBLOCK);
}

void Arguments::stir() {
    auto* words = reinterpret_cast<uint64_t*>(ARENA);
    size_t at = random_.below(DATA_PAGES * PAGE / 8 - 8);
    for (size_t i = 0; i < 8; i++)
        words[at + i] = random_.one_in(2) ? random_.below(64) : random_.one_in(2) ? pointer() : garbage();
}

uint64_t Arguments::garbage() { return random_.one_in(2) ? random_.of(EDGES) : random_.next() >> random_.below(64); }

uint64_t Arguments::pointer() {
    switch (random_.below(16)) {
    case 0: return garbage();
    case 1: return random_.of({READ_ONLY, NO_RIGHTS, HOLE, HOLE - 4, READ_ONLY - 3});
    case 2: return READ_ONLY - random_.below(64);  // runs from what can be written into what cannot
    case 3: return 0;
    case 4: return PLAYGROUND + random_.below(PLAYGROUND_PAGES * PAGE);
    default: return ARENA + random_.below(DATA_PAGES * PAGE) / 8 * 8;
    }
}

uint64_t Arguments::descriptor() {
    return random_.one_in(16) ? garbage() : random_.one_in(8) ? static_cast<uint64_t>(AT_FDCWD) : 3 + random_.below(16);
}

template <typename T>
T* Arguments::room() {
    return reinterpret_cast<T*>(ARENA + random_.below(DATA_PAGES) * PAGE);
}

uint64_t Arguments::path() {
    if (random_.one_in(16)) return pointer();
    char* text = room<char>();
    if (random_.one_in(64)) {  // too long, or not ended
        memset(text, 'x', 300 + random_.below(PAGE - 300));
        return reinterpret_cast<uint64_t>(text);
    }
    strcpy(text, random_.of(NAMES));
    return reinterpret_cast<uint64_t>(text);
}

uint64_t Arguments::size() {
    return random_.one_in(8) ? garbage() : random_.one_in(4) ? random_.below(8 * PAGE) : random_.below(256);
}

uint64_t Arguments::address() {
    if (random_.one_in(32)) return garbage();
    uint64_t place = PLAYGROUND + random_.below(PLAYGROUND_PAGES) * PAGE;
    return random_.one_in(16) ? place + 1 : random_.one_in(8) ? 0 : place;
}

// Never the first process, nor the one that counts, nor everyone.
uint64_t Arguments::process() {
    const int64_t known[] = {0, self_, -self_, self_ + 1, self_ + 2, 99'999, -99'999, INT32_MIN};
    return static_cast<uint64_t>(random_.of(known));
}

uint64_t Arguments::scalar(char kind) {
    switch (kind) {
    case 'd': return random_.one_in(2) ? static_cast<uint64_t>(AT_FDCWD) : descriptor();
    case 'f': return descriptor();
    case 'p': return path();
    case 'e': return random_.one_in(2) ? reinterpret_cast<uint64_t>(random_.of({"/bin/true", "script"})) : path();
    case 'u': return reinterpret_cast<uint64_t>(random_.of({"d", "new", "new/x", "a"}));  // never what others need
    case 'b': return pointer();
    case 'n': return size();
    case 'o': return random_.one_in(8) ? garbage() : random_.below(4 * PAGE);
    case 'i': return random_.one_in(16) ? garbage() : random_.below(24);
    case 'x': return random_.one_in(3) ? 0 : random_.one_in(16) ? garbage() : 1ul << random_.below(24) | random_.below(4);
    case 'm': return random_.one_in(8) ? garbage() : random_.of({0644u, 0755u, 0u, S_IFIFO | 0600u, S_IFREG | 0600u});
    case 'a': return address();
    case 'l': return random_.one_in(16) ? garbage() : random_.below(8) * PAGE + (random_.one_in(8) ? 1 : 0);
    case 'r': return random_.one_in(16) ? garbage() : random_.below(8);
    case 'M': return random_.one_in(16) ? garbage()
                                        : random_.of({MAP_PRIVATE, MAP_SHARED}) | random_.of({0, MAP_ANONYMOUS}) |
                                              random_.of({0, 0, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_POPULATE, MAP_NORESERVE});
    case 'q': return process();
    case 'g': return random_.one_in(4) ? 0 : random_.one_in(8) ? garbage() : random_.below(66);
    case 'c': return random_.one_in(2) ? SIGCHLD : random_.one_in(8) ? garbage() : random_.next() & 0x7fffffff & ~CLONE_VFORK;
    case 'C': return random_.one_in(8) ? 1024 + random_.below(12) : random_.below(16);
    case 'R': return random_.one_in(8) ? garbage() : random_.of(REQUESTS);
    case 'F': return ARENA + random_.below(4) * 8;
    case 'O': return random_.below(14) | random_.of({0, FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME});
    }
    return random_.one_in(2) ? garbage() : pointer();
}

// A structure that makes sense, filled in; its address.
uint64_t Arguments::structure(char kind) {
    if (kind == 't') {  // short, so that nothing waits for long: as a timespec, and as an itimerval
        auto* times = room<timespec>();
        times[0] = {.tv_sec = 0, .tv_nsec = static_cast<long>(random_.below(200'000))};
        times[1] = {.tv_sec = 0, .tv_nsec = static_cast<long>(random_.below(2) * 1000)};
        return reinterpret_cast<uint64_t>(times);
    }
    if (kind == 'v') {
        auto* vector = room<iovec>();
        for (int i = 0; i < 4; i++)
            vector[i] = {reinterpret_cast<void*>(pointer()), size()};
        return reinterpret_cast<uint64_t>(vector);
    }
    if (kind == 'P') {
        auto* polled = room<pollfd>();
        for (int i = 0; i < 4; i++)
            polled[i] = {.fd = static_cast<int>(descriptor()), .events = static_cast<short>(random_.next()), .revents = 0};
        return reinterpret_cast<uint64_t>(polled);
    }
    if (kind == 'S') {  // rarely such that nothing gets through
        auto* set = room<uint64_t>();
        *set = random_.one_in(8) ? random_.next() : 1ul << random_.below(64);
        return reinterpret_cast<uint64_t>(set);
    }
    if (kind == 'H') {
        auto* action = room<uint64_t>();
        action[0] = random_.of({reinterpret_cast<uint64_t>(SIG_DFL), reinterpret_cast<uint64_t>(SIG_IGN), pointer()});
        action[1] = random_.next() & (SA_SIGINFO | SA_RESTART | SA_NODEFER | SA_ONSTACK | SA_RESETHAND);
        action[2] = random_.one_in(4) ? random_.next() : 0;
        return reinterpret_cast<uint64_t>(action);
    }
    if (kind == 's') {
        auto* stack = room<stack_t>();
        *stack = {.ss_sp = reinterpret_cast<void*>(address()), .ss_flags = static_cast<int>(random_.below(4)), .ss_size = size()};
        return reinterpret_cast<uint64_t>(stack);
    }
    auto* words = room<uint64_t>();  // 'A'
    for (int i = 0; i < 3; i++)
        words[i] = path();
    words[3] = random_.one_in(16) ? pointer() : 0;
    return reinterpret_cast<uint64_t>(words);
}

uint64_t Arguments::of(char kind) {
    if (kind != 'q' && random_.one_in(64)) return garbage();
    if (!strchr("tvPSHsA", kind)) return scalar(kind);
    return random_.one_in(8) ? pointer() : structure(kind);
}
