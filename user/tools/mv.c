/* mv [-f] SOURCE... TARGET: gives files other names, into TARGET if that is a directory. A name on another file system needs a
 * copy there. */

#include "tool.h"

static int move(const char* from, const char* to) {
    if (rename(from, to) == 0)
        return 0;
    if (errno == EXDEV)
        return copy_tree(from, to) || remove_tree(from, false);
    warn("%s to %s", from, to);
    return 1;
}

int main(int argc, char** argv) {
    const char* target = argv[argc - 1];
    int status = 0;
    for (int option; (option = getopt(argc, argv, "f")) != -1;) /* -f: it never asks */
        status |= option != 'f';
    if (status || argc - optind < 2 || (argc - optind > 2 && !is_directory(target)))
        return usage("mv [-f] SOURCE... TARGET");
    for (int i = optind; i < argc - 1; i++) {
        char path[PATH_MAX];
        const char* place = place_for(argv[i], target, path);
        status |= place ? move(argv[i], place) : (warn("%s", argv[i]), 1);
    }
    return status;
}
