/* rm [-f] [-r] FILE...: removes names. -r also directories with all that is in them, -f does not mind what is not there. */

#include "tool.h"

#include <dirent.h>

static int complain(const char* name, bool force) {
    if (force && errno == ENOENT)
        return 0;
    warn("%s", name);
    return 1;
}

/* From the directory itself, not by path: what is in it may be deeper than a path can be long. */
static int remove_at(int directory, const char* name, bool force) {
    if (unlinkat(directory, name, 0) == 0)
        return 0;
    if (errno != EISDIR)
        return complain(name, force);
    int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), status = 0;
    DIR* entries = below >= 0 ? fdopendir(below) : NULL;
    if (!entries)
        return complain(name, force);
    for (struct dirent* entry; (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status |= remove_at(below, entry->d_name, force);
    closedir(entries);
    return unlinkat(directory, name, AT_REMOVEDIR) == 0 ? status : complain(name, force);
}

int remove_tree(const char* path, bool force) { return remove_at(AT_FDCWD, path, force); }

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
