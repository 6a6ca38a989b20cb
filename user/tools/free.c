/* free: how much memory there is, in KiB, from /proc/meminfo. */

#include "tool.h"

int main(void) {
    FILE* file = fopen("/proc/meminfo", "r");
    char name[64];
    long value, total = 0, unused = 0, cached = 0;
    if (!file)
        err(1, "/proc/meminfo");
    while (fscanf(file, "%63[^:]: %ld%*[^\n]\n", name, &value) == 2) {
        total = strcmp(name, "MemTotal") == 0 ? value : total;
        unused = strcmp(name, "MemFree") == 0 ? value : unused;
        cached += strcmp(name, "Cached") == 0 || strcmp(name, "Buffers") == 0 ? value : 0;
    }
    printf("       total      used      free    cached\n%12ld%10ld%10ld%10ld\n", total, total - unused, unused, cached);
    return 0;
}
