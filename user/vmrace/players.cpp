#include "players.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr size_t PAGE = 4096;
constexpr unsigned OWN_PAGES = 12;
constexpr uintptr_t OWN_WINDOWS = PLAYERS_WINDOW + 0x1000'0000;  // 16 MiB apart: each with page tables of its own
constexpr int RW = PROT_READ | PROT_WRITE, PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

thread_local sigjmp_buf after_fault;
thread_local volatile bool expects_fault;

void on_fault(int signal) {
    if (expects_fault) siglongjmp(after_fault, 1);
    dprintf(1, "unexpected signal %d\n", signal);
    _exit(1);
}

// Adds to the word, if that can be.
bool touch(volatile unsigned* word) {
    if (sigsetjmp(after_fault, 1)) {
        expects_fault = false;
        return false;
    }
    expects_fault = true;
    *word = *word + 1;
    expects_fault = false;
    return true;
}

struct Player {
    unsigned number, calls;
    uint64_t random_state;
    Ending ending;
    enum { absent, readable, writable } state[OWN_PAGES] = {};
    unsigned word[OWN_PAGES] = {};

    unsigned below(unsigned limit) {
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<unsigned>(random_state >> 33) % limit;
    }
    char* own(unsigned page) const { return reinterpret_cast<char*>(OWN_WINDOWS + (uintptr_t{number} << 24) + page * PAGE); }
    volatile unsigned* own_word(unsigned page) const { return reinterpret_cast<volatile unsigned*>(own(page)); }

    [[noreturn]] void complain(const char* what, unsigned page) const {
        dprintf(1, "thread %u: %s, page %u: %u expected\n", number, what, page, word[page]);
        _exit(1);
    }

    // OWN PAGES: nobody else touches them, so each has what was put there.

    void check_own() const {
        for (unsigned page = 0; page < OWN_PAGES; page++)
            if (state[page] != absent && *own_word(page) != word[page]) complain("a wrong word", page);
    }

    void change_own() {
        unsigned page = below(OWN_PAGES), count = 1 + below(OWN_PAGES - page), what = below(6);
        for (unsigned i = page; i < page + count; i++) {
            if (what == 0) state[i] = writable, word[i] = 0;
            if (what == 1) state[i] = absent;
            if (what >= 4 && state[i] == writable) *own_word(i) = ++word[i];
        }
        if (what == 0 && mmap(own(page), count * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == MAP_FAILED) complain("not mapped", page);
        if (what == 1 && munmap(own(page), count * PAGE)) complain("not unmapped", page);
        if (what == 2 || what == 3) protect_own(page, what == 2 ? PROT_READ : RW);
        if (state[page] == readable && touch(own_word(page))) complain("written although protected", page);
        if (state[page] == absent && touch(own_word(page))) complain("written although not there", page);
    }

    void protect_own(unsigned page, int prot) {
        if (state[page] == absent) return;
        if (mprotect(own(page), PAGE, prot)) complain("not protected", page);
        state[page] = prot == RW ? writable : readable;
    }

    // THE SHARED WINDOW

    void change_shared() {
        unsigned page = below(PLAYERS_PAGES), count = 1 + below(PLAYERS_PAGES - page);
        char* at = reinterpret_cast<char*>(PLAYERS_WINDOW + page * PAGE);
        size_t size = count * PAGE;
        switch (below(8)) {
        case 0: mmap(at, size, RW, PRIVATE | MAP_FIXED, -1, 0); break;
        case 1: mmap(at, size, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0); break;
        case 2: munmap(at, size); break;
        case 3: mprotect(at, size, below(2) ? PROT_READ : RW); break;
        case 4: madvise(at, size, MADV_DONTNEED); break;
        case 5: mremap(at, size, (1 + below(4)) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, reinterpret_cast<void*>(PLAYERS_WINDOW)); break;
        default:
            for (unsigned i = 0; i < count; i++) touch(reinterpret_cast<volatile unsigned*>(at + i * PAGE));
        }
    }

    // Never below where malloc has it.
    void move_break() {
        static const auto first = static_cast<uintptr_t>(syscall(SYS_brk, 0));
        syscall(SYS_brk, first + below(9) * PAGE);
    }

    // A child has this thread's pages as they are now, and what it does to them is its own.
    void fork_child() {
        pid_t child = fork();
        if (child == 0) {
            check_own();
            for (unsigned page = 0; page < OWN_PAGES; page++)
                if (state[page] == writable) *own_word(page) = 0xdead;
            if (below(3) == 0) execl("/bin/true", "true", nullptr);
            _exit(0);
        }
        int status = 0;
        if (child > 0 && (waitpid(child, &status, 0) != child || status != 0)) complain("a child went wrong", 0);
        check_own();
    }

    void run() {
        for (unsigned call = 0; call < calls; call++) {
            if (below(40) == 0) fork_child();
            else if (below(8) == 0) move_break();
            else if (below(2) == 0) change_own();
            else change_shared();
            if (call % 16 == 0) check_own();
        }
        check_own();
        if (ending == Ending::exec) execl("/bin/vmrace", "vmrace", "--afterwards", nullptr);
        _exit(ending == Ending::exec);
    }
};

}  // namespace

void play(unsigned threads, unsigned calls, unsigned long seed, Ending ending) {
    struct sigaction action = {};
    action.sa_handler = on_fault;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    for (unsigned number = 1; number < threads; number++) {
        pthread_t thread;
        auto* player = new Player{number, calls, seed * 100 + number, ending};
        if (pthread_create(&thread, nullptr, [](void* self) -> void* { return static_cast<Player*>(self)->run(), nullptr; }, player)) _exit(1);
    }
    (new Player{0, calls, seed * 100, ending})->run();
    _exit(1);
}
