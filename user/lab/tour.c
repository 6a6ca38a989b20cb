// The program of lab 0. What it does follows from the name it is given, so no two people see the same.
//
//     /lab/tour NAME          says a word, and ends with a status
//     /lab/tour NAME fault    is killed for what it does to memory
//     /lab/tour NAME call     makes many system calls; the one in the_call() is worth a look
//     /lab/tour NAME page     maps four pages, uses some of them, and calls look_here()
#include "lab.h"

extern uint64_t entry_sp;  // sp as the program found it: argc, then the pointers of argv

enum { SYS_GETPID = 172, SYS_MPROTECT = 226, SYS_MMAP = 222 };
enum { PROT_NONE, PROT_READ, PROT_WRITE, MAP_PRIVATE = 2, MAP_FIXED = 16, MAP_ANONYMOUS = 32 };
enum { WINDOW = 0x30000000, WINDOW_PAGES = 0x8000, PAGES = 4 };

static uint64_t state;  // of the random numbers, begun by the name (FNV-1a, then splitmix64)

static void begin_with(const char* name) {
    state = 0xcbf29ce484222325;
    while (*name)
        state = (state ^ (uint8_t)*name++) * 0x100000001b3;
}

static uint64_t draw(uint64_t below) {
    uint64_t word = state += 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return (word ^ word >> 31) % below;
}

static uintptr_t some_page(void) { return WINDOW + draw(WINDOW_PAGES) * PAGE; }

static void map(uintptr_t at, size_t pages, int rights) {
    call(SYS_MMAP, (long)at, (long)pages * PAGE, rights, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
}

static void say(const char* text) {
    size_t size = 0;
    while (text[size])
        size++;
    call(SYS_WRITE, 1, (long)text, (long)size, 0, 0, 0);
}

// A WORD AND A STATUS

char word[9] = "unspoken";  // the grader reads them here
int status;

__attribute__((noinline)) static int speak(const char* name) {
    for (int i = 0; i < 8; i += 2) {
        word[i] = "bdfgklmnprstvz"[draw(14)];
        word[i + 1] = "aeiou"[draw(5)];
    }
    status = 1 + (int)draw(99);
    say(name);
    say(", your word is ");
    say(word);
    say(".\n");
    return status;
}

// A FAULT: one of these touches memory that it may not touch.

#define STAR(name)                                                                           \
    __attribute__((noinline, noclone, no_icf)) void name(volatile uint64_t* at, int write) { \
        if (write)                                                                           \
            *at = 1;                                                                         \
        else                                                                                 \
            (void)*at;                                                                       \
    }
STAR(altair) STAR(deneb) STAR(mira) STAR(polaris) STAR(rigel) STAR(sirius) STAR(spica) STAR(vega)

static int fault(void) {
    static void (*const STARS[])(volatile uint64_t*, int) = {altair, deneb, mira, polaris, rigel, sirius, spica, vega};
    uintptr_t page = some_page();
    uintptr_t at = page + draw(PAGE / 8) * 8;
    int write = (int)draw(2), mapped = (int)draw(2);
    if (mapped)
        map(page, 1, write ? PROT_READ : PROT_NONE);
    STARS[draw(8)]((volatile uint64_t*)at, write);
    return 0;
}

// A SYSTEM CALL. Its number and arguments are in a7 and a0, a1, a2 where the ecall stands, its result in a0 behind it.

#define USED __attribute__((unused))
__attribute__((naked, noinline, noclone)) long the_call(USED long number, USED long first, USED long second, USED long third) {
    __asm__ volatile(
        "mv a7, a0\n"
        "mv a0, a1\n"
        "mv a1, a2\n"
        "mv a2, a3\n"
        "ecall\n"
        ".globl back_again\n"
        "back_again:\n"
        "ret\n");
}

static int make_calls(void) {
    static const int NUMBERS[] = {17, 24, 25, 62, 129, 215, 226, 278};  // all of them refuse what they are given here
    int before = 8 + (int)draw(40);
    for (int i = 0; i < before; i++)
        call(SYS_GETPID, 0, 0, 0, 0, 0, 0);
    long number = NUMBERS[draw(8)];
    long first = (long)(0x10001 + draw(0x7000) * 2);
    long second = (long)(1 + draw(0x100000));
    long third = (long)draw(0x1000);
    the_call(number, first, second, third);
    return 0;
}

// PAGES: mapped alike, used unalike.

__attribute__((noinline, noclone)) void look_here(volatile uint64_t* place) { __asm__ volatile("" ::"r"(place) : "memory"); }

static int use_pages(void) {
    volatile uint64_t* place = (volatile uint64_t*)some_page();
    int first = (int)draw(3);
    map((uintptr_t)place, PAGES, PROT_READ | PROT_WRITE);
    for (int i = 0; i < PAGES; i++) {
        volatile uint64_t* page = place + (size_t)i * PAGE / 8;
        int use = i < 3 ? (first + i * (1 + first % 2)) % 3 : (int)draw(3);
        if (use == 1)
            (void)*page;
        else if (use == 2)
            *page = draw(UINT64_MAX);
    }
    look_here(place);
    return 0;
}

void probe_main(void) {
    uint64_t argc = *(uint64_t*)entry_sp;
    char** argv = (char**)(entry_sp + 8);
    if (argc < 2 || argc > 3 || !argv[1][0]) {
        say("usage: /lab/tour NAME [fault | call | page]\n");
        leave(127);
    }
    begin_with(argv[1]);
    char part = argc == 3 ? argv[2][0] : 0;
    leave(part == 'f' ? fault() : part == 'c' ? make_calls() : part == 'p' ? use_pages() : speak(argv[1]));
}
