// The interpreter of challenges; see probe.h.
#include "probe.h"

__attribute__((section(".challenge"))) struct challenge challenge = {.count = 1};
int64_t results[MOST_STEPS];
struct step asked;
static _Alignas(256) struct trail trail;  // in one page

__attribute__((noinline)) void checkpoint(void) { __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) void ask(void) { __asm__ volatile("" ::: "memory"); }

__attribute__((noinline)) void begin_step(uint64_t at) {
    *(volatile uint64_t*)&trail.step = at;
    (*(volatile uint64_t*)&trail.begun)++;
}

static void end_step(uint64_t at, int64_t result) {
    results[at] = result;
    trail.recent[at % RECENT] = result;
    (*(volatile uint64_t*)&trail.done)++;
}

static int64_t (*extra_step)(const struct step*, const int64_t*);

static int64_t sum(const volatile uint64_t* words, uint64_t size) {
    uint64_t total = 0;
    for (uint64_t i = 0; i < size / 8; i++)
        total += words[i] * (2 * i + 1);
    return (int64_t)total;
}

static int64_t touch(uint64_t start, uint64_t size, int64_t value) {
    for (uint64_t page = 0; page < size / PAGE; page++)
        *(volatile int64_t*)(start + page * PAGE) = value + (int64_t)page;
    return 0;
}

static int64_t jump(uintptr_t function) {
    __asm__ volatile("fence.i" ::: "memory");
    return ((int64_t (*)(void))function)();
}

static int64_t do_step(const struct step* step, const int64_t* a);

// In a child, so that a step that kills shows as a wait status: 11 for SIGSEGV, 7 for SIGBUS, 0 when it came through.
static int64_t try_step(const struct step* step, const int64_t* a) {
    enum { SIGCHLD = 17 };
    long child = call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0, 0);
    if (child == 0) {
        do_step(step, a);
        leave(0);
    }
    int status = -1;
    long waited = child < 0 ? child : call(SYS_WAIT4, child, (long)&status, 0, 0, 0, 0);
    return waited < 0 ? waited : status;
}

static int64_t do_step(const struct step* step, const int64_t* a) {
    switch (step->kind) {
    case STEP_END:
        leave((int)a[0]);
    case STEP_CALL:
        return call(step->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    case STEP_STOP:
        checkpoint();
        return 0;
    case STEP_LOAD:
        return *(volatile int64_t*)a[0];
    case STEP_STORE:
        *(volatile int64_t*)a[0] = a[1];
        return 0;
    case STEP_TOUCH:
        return touch((uint64_t)a[0], (uint64_t)a[1], a[2]);
    case STEP_FILL:
        memset((void*)a[0], (int)a[2], (size_t)a[1]);
        return 0;
    case STEP_SUM:
        return sum((const uint64_t*)a[0], (uint64_t)a[1]);
    case STEP_JUMP:
        return jump((uintptr_t)a[0]);
    default:
        return extra_step ? extra_step(step, a) : -38;
    }
}

static void read_arguments(const struct step* step, int64_t round, int64_t* a) {
    for (int i = 0; i < 6; i++) {
        const struct argument* from = &step->arguments[i];
        a[i] = from->value + round * step->strides[i] + (from->from ? results[from->from - 1] : 0);
    }
}

// A step as the challenge has it, or as the grader hands it out when its turn has come.
static const struct step* step_at(uint64_t at) {
    if (challenge.steps[at].kind != STEP_ASK)
        return &challenge.steps[at];
    asked.kind = STEP_ASK;  // from here on the page is there, and the process's own
    ask();
    return &asked;
}

static void do_numbered(uint64_t at, const struct step* step, int64_t round) {
    int64_t a[6];
    begin_step(at);
    read_arguments(step, round, a);
    end_step(at, do_step(step, a));
}

static void do_tried(uint64_t at, const struct step* step) {
    int64_t a[6];
    begin_step(at);
    read_arguments(step, 0, a);
    end_step(at, try_step(step, a));
}

// Returns the number of steps that were done many times.
static uint64_t do_repeated(uint64_t at) {
    int64_t a[6];
    const struct step* repeat = &challenge.steps[at];
    read_arguments(repeat, 0, a);
    for (int64_t round = 0; round < a[0]; round++)
        for (uint64_t i = 1; i <= repeat->number; i++)
            do_numbered(at + i, repeat + i, round);
    results[at] = a[0];
    return repeat->number;
}

_Noreturn void run_challenge(int64_t (*extra)(const struct step*, const int64_t*)) {
    extra_step = extra;
    trail.mark[0] = ~challenge.mark[0];
    trail.mark[1] = ~challenge.mark[1];
    for (uint64_t at = 0; at < challenge.count; at++) {
        const struct step* step = step_at(at);
        if (step->kind == STEP_REPEAT)
            at += do_repeated(at);
        else if (step->kind == STEP_TRY)
            do_tried(at++, step + 1);
        else
            do_numbered(at, step, 0);
    }
    leave(0);
}
