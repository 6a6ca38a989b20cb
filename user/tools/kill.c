/* kill [-SIGNAL] PID..., kill -l: sends a signal, TERM unless told, by name or number; -PID is a process group. */

#include "tool.h"

#include <signal.h>

static int signal_number(const char* text) {
    char* end;
    long number = strtol(text, &end, 10);
    if (*end == 0 && end != text)
        return number >= 0 && number < NSIG ? (int)number : -1;
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 1; i < NSIG; i++)
        if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), text) == 0)
            return i;
    return -1;
}

int main(int argc, char** argv) {
    int number = SIGTERM, status = 0, i = 1;
    if (argc == 2 && strcmp(argv[1], "-l") == 0) {
        for (int n = 1; n < 32; n++)
            printf("%2d %s\n", n, sigabbrev_np(n));
        return 0;
    }
    if (argc > 1 && argv[1][0] == '-') {
        if (strcmp(argv[1], "--") != 0 && (number = signal_number(argv[1] + 1)) < 0)
            errx(1, "%s: no signal", argv[1] + 1);
        i++;
    }
    if (i == argc)
        return usage("kill [-SIGNAL] PID...");
    for (; i < argc; i++) {
        char* end;
        long pid = strtol(argv[i], &end, 10);
        if (*end || end == argv[i]) {
            warnx("%s: not a process number", argv[i]);
            status = 1;
        } else if (kill((pid_t)pid, number) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    return status;
}
