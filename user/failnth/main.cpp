// failnth: a scenario that maps, faults, forks, execs and exits, run again and again, and each time another one of the kernel's
// allocations fails. It must end with an error or a killed process, and afterwards all memory must be there again. Needs a
// kernel that was booted with `failnth=0` (grade/kernel/fail_nth.cpp).
//
//     failnth [STEP]      every STEPth allocation; all of them without it

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

namespace {

struct Count {
    unsigned long allocations = 0, free_frames = 0, heap_bytes = 0;
    bool operator==(const Count&) const = default;
};

int control;

Count count() {
    char text[80] = "";
    Count now;
    if (read(control, text, sizeof(text) - 1) <= 0 ||
        sscanf(text, "%lu %lu %lu", &now.allocations, &now.free_frames, &now.heap_bytes) != 3)
        exit(2);
    return now;
}

void choose(unsigned long n) {
    char text[24];
    int size = snprintf(text, sizeof(text), "%lu", n);
    if (write(control, text, static_cast<size_t>(size)) != size) exit(2);
}

// Runs the scenario in a child; its wait status.
int run(unsigned long n) {
    pid_t child = fork();
    if (child == 0) {
        choose(n);
        play_scenario();
        _exit(0);
    }
    int status = -1;
    while (waitpid(child, &status, 0) != child) continue;
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
    return status;
}

bool has_as_much(const Count& now, const Count& wanted) {
    return now.free_frames >= wanted.free_frames && now.heap_bytes <= wanted.heap_bytes;
}

// What ends late may give its memory back a little later.
Count settled(const Count& wanted) {
    Count now = count();
    for (int i = 0; i < 50 && !has_as_much(now, wanted); i++) {
        while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
        timespec pause{.tv_sec = 0, .tv_nsec = 5'000'000};
        nanosleep(&pause, nullptr);
        now = count();
    }
    return now;
}

}  // namespace

int main(int argc, char** argv) {
    unsigned long step = argc > 1 ? strtoul(argv[1], nullptr, 10) : 1;
    control = open("/dev/failnth", O_RDWR | O_CLOEXEC);
    if (control < 0 || step == 0) {
        fprintf(stderr, "failnth: there is no /dev/failnth; boot with failnth=0\n");
        return 2;
    }
    setvbuf(stdout, nullptr, _IONBF, 0);
    prepare_scenario();
    Count before{};
    for (int i = 0; i < 3; i++) {  // until caches are full
        if (int status = run(0)) {
            printf("without a failure: status %#x\n", status);
            return 1;
        }
        before = settled(Count{.allocations = 0, .free_frames = ~0ul, .heap_bytes = 0});
    }
    unsigned long ended = 0, killed = 0, unharmed = 0, lost = 0;
    for (unsigned long n = 1;; n += step) {
        int status = run(n);
        unsigned long reached = count().allocations;
        choose(0);
        clean_up_scenario();
        if (reached < n) break;
        (status == 0 ? unharmed : WIFSIGNALED(status) ? killed : ended)++;
        Count now = settled(before);
        if (has_as_much(now, before)) continue;
        if (lost++ < 10)
            printf("allocation %lu: %lu frames free before, %lu after; %lu bytes of the kernel heap before, %lu after\n", n,
                   before.free_frames, now.free_frames, before.heap_bytes, now.heap_bytes);
        before = now;
    }
    printf("%lu scenarios went on, %lu ended with an error, %lu were killed, %lu lost memory\n", unharmed, ended, killed, lost);
    return lost != 0;
}
