/* umount DIRECTORY...: takes file systems out of the tree; what is not yet on their disk is written first. */

#include "tool.h"

#include <sys/mount.h>

int main(int argc, char** argv) {
    int status = argc < 2 ? usage("umount DIRECTORY...") : 0;
    for (int i = 1; i < argc; i++)
        if (umount(argv[i]) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    return status;
}
