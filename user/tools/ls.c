/* ls [-a] [-d] [-i] [-l] [PATH...]: lists directories by name. -a also names that begin with a dot, -d a directory itself,
 * -i inode numbers, -l type and permissions, links, owner, group, size (of a device its number), time, and where a link
 * leads. */

#include "tool.h"

#include <dirent.h>
#include <sys/sysmacros.h>
#include <time.h>

static bool all, itself, inodes, details;

static int complain(const char* path) {
    fflush(stdout);
    warn("%s", path);
    return 1;
}

/* The ten characters of `ls -l`: -rwxr-xr-x. */
static const char* mode_text(mode_t mode) {
    static char text[11];
    text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : S_ISCHR(mode) ? 'c' : S_ISBLK(mode) ? 'b' : S_ISFIFO(mode) ? 'p' : '-';
    for (int bit = 0; bit < 9; bit++)
        text[1 + bit] = mode & (0400 >> bit) ? "rwx"[bit % 3] : '-';
    return text;
}

static void print_details(const struct stat* info) {
    char size[32], time[32];
    if (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode))
        snprintf(size, sizeof size, "%u, %u", major(info->st_rdev), minor(info->st_rdev));
    else
        snprintf(size, sizeof size, "%lld", (long long)info->st_size);
    strftime(time, sizeof time, "%Y-%m-%d %H:%M", gmtime(&info->st_mtime));
    printf("%s %2lu %u %u %9s %s ", mode_text(info->st_mode), (unsigned long)info->st_nlink, info->st_uid, info->st_gid, size, time);
}

static int print_entry(const char* path, const char* name) {
    struct stat info;
    if ((details || inodes) && lstat(path, &info) != 0)
        return complain(path);
    if (inodes)
        printf("%7lu ", (unsigned long)info.st_ino);
    if (details)
        print_details(&info);
    printf("%s", name);
    char target[PATH_MAX];
    ssize_t length = details && S_ISLNK(info.st_mode) ? readlink(path, target, sizeof target) : -1;
    if (length >= 0)
        printf(" -> %.*s", (int)length, target);
    printf("\n");
    return 0;
}

static int is_shown(const struct dirent* entry) { return all || entry->d_name[0] != '.'; }

static int by_name(const struct dirent** a, const struct dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int list(const char* path) {
    struct dirent** entries;
    struct stat info;
    if (itself || (lstat(path, &info) == 0 && !S_ISDIR(info.st_mode) && (details || !is_directory(path))))
        return lstat(path, &info) == 0 ? print_entry(path, path) : complain(path);
    int count = scandir(path, &entries, is_shown, by_name), status = 0;
    if (count < 0)
        return complain(path);
    for (int i = 0; i < count; i++) {
        char below[PATH_MAX];
        status |= join(below, path, entries[i]->d_name) ? print_entry(below, entries[i]->d_name) : complain(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

int main(int argc, char** argv) {
    for (int option; (option = getopt(argc, argv, "adil")) != -1;) {
        if (option == '?')
            return usage("ls [-adil] [PATH...]");
        *(option == 'a' ? &all : option == 'd' ? &itself : option == 'i' ? &inodes : &details) = true;
    }
    if (optind == argc)
        return list(".");
    int status = 0;
    for (int i = optind; i < argc; i++) {
        if (argc - optind > 1 && !itself && is_directory(argv[i]))
            printf("%s:\n", argv[i]);
        status |= list(argv[i]);
    }
    return status;
}
