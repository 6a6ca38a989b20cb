/* uptime: for how long the machine has been running. */

#include "tool.h"

int main(void) {
    FILE* file = fopen("/proc/uptime", "r");
    double up;
    if (!file || fscanf(file, "%lf", &up) != 1)
        err(1, "/proc/uptime");
    long seconds = (long)up;
    printf("up %ld:%02ld:%02ld\n", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return 0;
}
