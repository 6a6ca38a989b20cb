/* mount [-t TYPE] [-o ro] DEVICE DIRECTORY: joins a file system to the tree; without arguments says which are. TYPE is
 * ext2 unless told. */

#include "tool.h"

#include <sys/mount.h>

int main(int argc, char** argv) {
    const char* type = "ext2";
    unsigned long flags = 0;
    for (int option; (option = getopt(argc, argv, "o:t:")) != -1;) {
        if (option == '?' || (option == 'o' && strcmp(optarg, "ro") != 0 && strcmp(optarg, "rw") != 0))
            return usage("mount [-t TYPE] [-o ro] DEVICE DIRECTORY");
        if (option == 't')
            type = optarg;
        else
            flags = strcmp(optarg, "ro") == 0 ? MS_RDONLY : 0;
    }
    if (argc == 1) {
        int mounts = open("/proc/mounts", O_RDONLY);
        if (mounts < 0 || copy_bytes(mounts, STDOUT_FILENO) < 0)
            err(1, "/proc/mounts");
        return 0;
    }
    if (argc - optind != 2)
        return usage("mount [-t TYPE] [-o ro] DEVICE DIRECTORY");
    if (mount(argv[optind], argv[optind + 1], type, flags, NULL) != 0)
        err(1, "%s on %s", argv[optind], argv[optind + 1]);
    return 0;
}
