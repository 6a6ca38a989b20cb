// A probe is a program that does as it is told: the grader writes a list of steps into its section .challenge, boots it as
// the first process, and looks at the machine whenever the probe comes by `checkpoint`. It prints nothing.
#pragma once

#include "lab.h"

enum step_kind {
    STEP_END,    // exit with status argument 0
    STEP_CALL,   // system call `number`
    STEP_STOP,   // come by checkpoint()
    STEP_LOAD,   // the 64-bit word at argument 0
    STEP_STORE,  // word 1 to address 0
    STEP_TOUCH,  // for each page in [0, 0 + 1): argument 2 plus the page's number there to its first word
    STEP_FILL,   // [0, 0 + 1) with byte 2
    STEP_SUM,    // sum of the words in [0, 0 + 1), each times an odd number that depends on its place
    STEP_TRY,    // the next step in a child process: the child's wait status
    STEP_JUMP,   // call the function at address 0: its result
    STEP_REPEAT, // the `number` steps that follow, argument 0 times; argument i of each grows by its stride
    STEP_ALLOC,  // malloc(0), and write a pattern of argument 1 over it
    STEP_FREE,   // free(0)
    STEP_RESIZE, // realloc(0, 1)
    STEP_ASK,    // a step that is not in the file: the grader writes it into `asked` when the probe comes by ask()
};

struct argument {
    int64_t from;   // 0: a plain value; n: the result of step n - 1 is added
    int64_t value;
};

struct step {
    uint32_t kind;
    uint32_t number;
    struct argument arguments[6];
    int64_t strides[6];
};

enum { MOST_STEPS = 640, CHALLENGE_DATA = 32 * 1024 };

struct challenge {
    uint64_t count;
    uint64_t mark[2];  // a random one, by which the trail is found in the machine's memory
    struct step steps[MOST_STEPS];
    _Alignas(16) unsigned char data[CHALLENGE_DATA];  // whatever the steps point at
};

// How far the probe is, for the report of a failure; no verdict depends on it. It is found also when the kernel is dead.
enum { RECENT = 16 };
struct trail {
    uint64_t mark[2];  // the challenge's, inverted
    uint64_t begun, done;
    uint64_t step;  // the one begun last
    int64_t recent[RECENT];  // results, by step % RECENT
};

extern struct challenge challenge;
extern int64_t results[MOST_STEPS];

// The grader's breakpoints stand here.
void checkpoint(void);
void ask(void);
void begin_step(uint64_t at);  // before each step: for a debugger

// Does the steps. `extra` does those that only some probes know.
_Noreturn void run_challenge(int64_t (*extra)(const struct step* step, const int64_t* arguments));

void probe_main(void);
