/* sleep SECONDS: waits; 0.5 is half a second. */

#include "tool.h"

#include <time.h>

int main(int argc, char** argv) {
    char* end = "";
    double seconds = argc == 2 ? strtod(argv[1], &end) : -1;
    if (seconds < 0 || *end)
        return usage("sleep SECONDS");
    struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
    return 0;
}
