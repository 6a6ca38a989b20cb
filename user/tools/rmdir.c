/* rmdir DIRECTORY...: removes empty directories. */

#include "tool.h"

int main(int argc, char** argv) {
    int status = argc < 2 ? usage("rmdir DIRECTORY...") : 0;
    for (int i = 1; i < argc; i++)
        if (rmdir(argv[i]) != 0) {
            warn("%s", argv[i]);
            status = 1;
        }
    return status;
}
