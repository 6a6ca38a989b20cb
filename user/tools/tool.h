/* What the tools share. Each is a whole program: main, getopt(3) for its options, err(3) and warn(3) for what goes wrong;
 * they say the tool's name and errno's text by themselves. */
#pragma once

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MISUSED = 2 };

/* "usage: ls [-l]", for the caller to return. */
static inline int usage(const char* text) {
    fprintf(stderr, "usage: %s\n", text);
    return MISUSED;
}

/* "directory/name" in path; false with errno ENAMETOOLONG if that is too long. */
static inline bool join(char path[PATH_MAX], const char* directory, const char* name) {
    const char* slash = directory[0] && directory[strlen(directory) - 1] == '/' ? "" : "/";
    if (snprintf(path, PATH_MAX, "%s%s%s", directory, slash, name) < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

/* "-20", as head and tail took a count before there were options with words. */
static inline bool is_count(const char* word) { return word[0] == '-' && word[1] && !word[1 + strspn(word + 1, "0123456789")]; }

static inline bool is_directory(const char* path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Where cp, mv and ln put `source`: in `target` if that is a directory, else at it. Needs a buffer; NULL if it is too long. */
static inline const char* place_for(const char* source, const char* target, char path[PATH_MAX]) {
    if (!is_directory(target))
        return target;
    return join(path, target, basename(source)) ? path : NULL;
}

/* Everything of one file to another; -1 with errno. */
int copy_bytes(int from, int to);
/* A file, or a directory with all that is in it. Each says by itself what went wrong, and returns the exit status. */
int copy_tree(const char* from, const char* to);
int remove_tree(const char* path, bool force);
/* Each line of the files (of standard input if there are none) to `use`, without its end; returns the exit status. */
int for_each_line(char** files, void (*use)(const char* file, char* line));
