/* date [-d SECONDS] [+FORMAT]: the time, as strftime(3) writes it; the clock is UTC. -d a time after 1970 began. */

#include "tool.h"

#include <time.h>

int main(int argc, char** argv) {
    char text[1000] = "";
    time_t now = time(NULL);
    for (int option; (option = getopt(argc, argv, "d:")) != -1;) {
        if (option == '?')
            return usage("date [-d SECONDS] [+FORMAT]");
        now = atol(optarg);
    }
    const char* format = optind < argc ? argv[optind] : "+%a %b %e %H:%M:%S UTC %Y";
    if (*format != '+')
        return usage("date [-d SECONDS] [+FORMAT]");
    strftime(text, sizeof text, format + 1, gmtime(&now));
    puts(text);
    return 0;
}
