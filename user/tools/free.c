/* free [-m]: how much memory there is, in KiB or (-m) MiB, from /proc/meminfo. */

#include "tool.h"

int main(int argc, char** argv) {
    long unit = 1;
    for (int option; (option = getopt(argc, argv, "m")) != -1; unit = 1024)
        if (option != 'm')
            return usage("free [-m]");
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
    printf("       total      used      free    cached\n%12ld%10ld%10ld%10ld\n", total / unit,
           (total - unused) / unit, unused / unit, cached / unit);
    return 0;
}
