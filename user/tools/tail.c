/* tail [-n COUNT | -COUNT] [FILE...]: the last lines, 10 unless told. Keeps as many as it may have to show, the oldest first. */

#include "tool.h"

static long wanted = 10, kept;
static char** lines;
static const char* current_file;

static void show(void) {
    for (long i = 0; i < kept; i++)
        puts(lines[i]), free(lines[i]);
    kept = 0;
}

static void keep(const char* file, char* line) {
    if (file != current_file)
        show(), current_file = file;
    if (wanted == 0)
        return;
    if (kept == wanted) {
        free(lines[0]);
        memmove(lines, lines + 1, (size_t)--kept * sizeof *lines);
    }
    lines[kept++] = strdup(line);
}

int main(int argc, char** argv) {
    if (argc > 1 && is_count(argv[1]))
        wanted = atol(*++argv + 1), argc--;
    for (int option; (option = getopt(argc, argv, "n:")) != -1;) {
        if (option == '?' || (wanted = atol(optarg)) < 0)
            return usage("tail [-n COUNT | -COUNT] [FILE...]");
    }
    lines = calloc((size_t)wanted + 1, sizeof *lines);
    if (!lines)
        err(1, "-n %ld", wanted);
    int status = for_each_line(argv + optind, keep);
    show();
    return status;
}
