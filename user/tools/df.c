/* df [FILE...]: the file systems these files are on, or all that are mounted: size, used and available in KiB. */

#include "tool.h"

#include <mntent.h>
#include <sys/statvfs.h>

static unsigned long long kib(fsblkcnt_t blocks, unsigned long size) { return (unsigned long long)blocks * size / 1024; }

static int show(const char* device, const char* place) {
    struct statvfs info;
    if (statvfs(place, &info) != 0) {
        warn("%s", place);
        return 1;
    }
    unsigned long long used = kib(info.f_blocks - info.f_bfree, info.f_frsize), available = kib(info.f_bavail, info.f_frsize);
    int percent = used + available ? (int)((used * 100 + used + available - 1) / (used + available)) : 0;
    printf("%-12s %10llu %10llu %10llu %4d%% %s\n", device, kib(info.f_blocks, info.f_frsize), used, available, percent, place);
    return 0;
}

/* Of the mounted file systems, the one that `file` is on: the last that has its device number. */
static bool find_mount(const char* file, char device[PATH_MAX], char place[PATH_MAX]) {
    FILE* mounts = setmntent("/proc/mounts", "r");
    struct stat wanted, root;
    bool found = false;
    if (!mounts || stat(file, &wanted) != 0)
        return false;
    for (struct mntent* mount; (mount = getmntent(mounts));)
        if (stat(mount->mnt_dir, &root) == 0 && root.st_dev == wanted.st_dev) {
            snprintf(device, PATH_MAX, "%s", mount->mnt_fsname);
            snprintf(place, PATH_MAX, "%s", mount->mnt_dir);
            found = true;
        }
    endmntent(mounts);
    return found;
}

static int show_all(void) {
    int status = 0;
    FILE* mounts = setmntent("/proc/mounts", "r");
    if (!mounts)
        err(1, "/proc/mounts");
    for (struct mntent* mount; (mount = getmntent(mounts));) {
        struct statvfs info;
        if (statvfs(mount->mnt_dir, &info) == 0 && info.f_blocks > 0) /* /proc and the like hold nothing */
            status |= show(mount->mnt_fsname, mount->mnt_dir);
    }
    endmntent(mounts);
    return status;
}

int main(int argc, char** argv) {
    char device[PATH_MAX], place[PATH_MAX];
    int status = 0;
    if (getopt(argc, argv, "") != -1)
        return usage("df [FILE...]");
    printf("%-12s %10s %10s %10s %5s %s\n", "FILESYSTEM", "KIB", "USED", "AVAILABLE", "USE", "ON");
    if (optind == argc)
        return show_all();
    for (int i = optind; i < argc; i++) {
        if (find_mount(argv[i], device, place)) {
            status |= show(device, place);
        } else {
            warn("%s", argv[i]);
            status = 1;
        }
    }
    return status;
}
