/* head [-n COUNT | -COUNT] [FILE...]: the first lines, 10 unless told. */

#include "tool.h"

static long wanted = 10, seen;
static const char* current_file;

static void show(const char* file, char* line) {
    if (file != current_file)
        current_file = file, seen = 0;
    if (seen++ < wanted)
        puts(line);
}

int main(int argc, char** argv) {
    if (argc > 1 && is_count(argv[1]))
        wanted = atol(*++argv + 1), argc--;
    for (int option; (option = getopt(argc, argv, "n:")) != -1;) {
        if (option == '?')
            return usage("head [-n COUNT | -COUNT] [FILE...]");
        wanted = atol(optarg);
    }
    return for_each_line(argv + optind, show);
}
