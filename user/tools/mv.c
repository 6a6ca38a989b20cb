/* mv SOURCE... TARGET: gives files other names, into TARGET if that is a directory. A name on another file system needs a
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
    if (argc < 3 || (argc > 3 && !is_directory(target)))
        return usage("mv SOURCE... TARGET");
    int status = 0;
    for (int i = 1; i < argc - 1; i++) {
        char path[PATH_MAX];
        const char* place = place_for(argv[i], target, path);
        status |= place ? move(argv[i], place) : (warn("%s", argv[i]), 1);
    }
    return status;
}
