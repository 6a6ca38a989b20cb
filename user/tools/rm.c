/* rm [-f] [-r] FILE...: removes names. -r also directories with all that is in them, -f does not mind what is not there. */

#include "tool.h"

#include <dirent.h>

static int complain(const char* path, bool force) {
    if (force && errno == ENOENT)
        return 0;
    warn("%s", path);
    return 1;
}

static int empty(const char* path, bool force) {
    DIR* directory = opendir(path);
    int status = 0;
    if (!directory)
        return complain(path, force);
    for (struct dirent* entry; (entry = readdir(directory));) {
        char below[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        status |= join(below, path, entry->d_name) ? remove_tree(below, force) : complain(path, force);
    }
    closedir(directory);
    return status;
}

int remove_tree(const char* path, bool force) {
    if (unlink(path) == 0)
        return 0;
    if (errno != EISDIR)
        return complain(path, force);
    int status = empty(path, force);
    return rmdir(path) == 0 ? status : complain(path, force);
}

int main(int argc, char** argv) {
    bool force = false, recursive = false;
    int status = 0;
    for (int option; (option = getopt(argc, argv, "fr")) != -1;) {
        if (option == '?')
            return usage("rm [-f] [-r] FILE...");
        *(option == 'f' ? &force : &recursive) = true;
    }
    for (int i = optind; i < argc; i++)
        status |= recursive ? remove_tree(argv[i], force) : unlink(argv[i]) == 0 ? 0 : complain(argv[i], force);
    return status;
}
