/* ln [-f] [-s] SOURCE... TARGET: gives a file another name, in TARGET if that is a directory; with -s makes a symbolic
 * link, with -f in place of what is there. */

#include "tool.h"

int main(int argc, char** argv) {
    bool force = false, symbolic = false;
    int status = 0;
    for (int option; (option = getopt(argc, argv, "fs")) != -1;) {
        if (option == '?')
            return usage("ln [-f] [-s] SOURCE... TARGET");
        *(option == 'f' ? &force : &symbolic) = true;
    }
    const char* target = argv[argc - 1];
    if (argc - optind < 2 || (argc - optind > 2 && !is_directory(target)))
        return usage("ln [-f] [-s] SOURCE... TARGET");
    for (int i = optind; i < argc - 1; i++) {
        char path[PATH_MAX];
        const char* place = place_for(argv[i], target, path);
        if (place && force)
            unlink(place);
        if (!place || (symbolic ? symlink(argv[i], place) : link(argv[i], place)) != 0) {
            warn("%s", place ? place : argv[i]);
            status = 1;
        }
    }
    return status;
}
