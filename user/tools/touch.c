/* touch [-d SECONDS] FILE...: sets the times of files to now, or to SECONDS after 1970 began; makes those that are not there. */

#include "tool.h"

#include <time.h>

int main(int argc, char** argv) {
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    int status = 0;
    for (int option; (option = getopt(argc, argv, "d:")) != -1;) {
        if (option == '?')
            return usage("touch [-d SECONDS] FILE...");
        times[0] = times[1] = (struct timespec){.tv_sec = atol(optarg)};
    }
    for (int i = optind; i < argc; i++) {
        int file = open(argv[i], O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
        if ((file < 0 && errno != EISDIR) || utimensat(AT_FDCWD, argv[i], times, 0) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
        if (file >= 0)
            close(file);
    }
    return status;
}
