/* mkdir [-p] DIRECTORY...: makes directories; with -p also those above them, and nothing is wrong if one is there. */

#include "tool.h"

static int make_all(char* path) {
    for (char* slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        int made = mkdir(path, 0777);
        *slash = '/';
        if (made != 0 && errno != EEXIST)
            return -1;
    }
    return mkdir(path, 0777) == 0 || (errno == EEXIST && is_directory(path)) ? 0 : -1;
}

int main(int argc, char** argv) {
    bool parents = false;
    int status = 0;
    for (int option; (option = getopt(argc, argv, "p")) != -1; parents = true)
        if (option == '?')
            return usage("mkdir [-p] DIRECTORY...");
    if (optind == argc)
        return usage("mkdir [-p] DIRECTORY...");
    for (int i = optind; i < argc; i++)
        if ((parents ? make_all(argv[i]) : mkdir(argv[i], 0777)) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    return status;
}
