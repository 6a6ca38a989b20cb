/* cp [-r] SOURCE... TARGET: copies files, with -r also directories with all that is in them; into TARGET if that is a
 * directory. A symbolic link is copied as one below a directory, and followed if it is named itself. */

#include "tool.h"

#include <dirent.h>

static bool recursive;

static int complain(const char* path) {
    warn("%s", path);
    return 1;
}

static int copy_file(const char* from, const char* to, mode_t mode) {
    int source = open(from, O_RDONLY), status = 0;
    if (source < 0)
        return complain(from);
    int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    if (target < 0 || copy_bytes(source, target) < 0)
        status = complain(to);
    if (target >= 0 && close(target) != 0)
        status = complain(to);
    close(source);
    return status;
}

static int copy_link(const char* from, const char* to) {
    char target[PATH_MAX];
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0)
        return complain(from);
    target[length] = 0;
    return symlink(target, to) == 0 ? 0 : complain(to);
}

static int copy_directory(const char* from, const char* to, mode_t mode) {
    DIR* directory = opendir(from);
    int status = 0;
    if (!directory)
        return complain(from);
    if (mkdir(to, (mode & 0777) | S_IRWXU) != 0 && errno != EEXIST)
        status = complain(to);
    for (struct dirent* entry; status == 0 && (entry = readdir(directory));) {
        char source[PATH_MAX], target[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        bool fits = join(source, from, entry->d_name) && join(target, to, entry->d_name);
        status = fits ? copy_tree(source, target) : complain(from);
    }
    closedir(directory);
    return status;
}

int copy_tree(const char* from, const char* to) {
    struct stat info;
    if (lstat(from, &info) != 0)
        return complain(from);
    if (S_ISDIR(info.st_mode))
        return copy_directory(from, to, info.st_mode);
    return S_ISLNK(info.st_mode) ? copy_link(from, to) : copy_file(from, to, info.st_mode);
}

static int copy(const char* from, const char* to) {
    struct stat info, there;
    if (stat(from, &info) != 0)
        return complain(from);
    if (stat(to, &there) == 0 && info.st_dev == there.st_dev && info.st_ino == there.st_ino) {
        warnx("%s and %s are one file", from, to);
        return 1;
    }
    if (!S_ISDIR(info.st_mode))
        return copy_file(from, to, info.st_mode);
    if (recursive)
        return copy_directory(from, to, info.st_mode);
    warnx("%s: is a directory (-r copies it)", from);
    return 1;
}

int main(int argc, char** argv) {
    for (int option; (option = getopt(argc, argv, "r")) != -1; recursive = true)
        if (option == '?')
            return usage("cp [-r] SOURCE... TARGET");
    const char* target = argv[argc - 1];
    if (argc - optind < 2 || (argc - optind > 2 && !is_directory(target)))
        return usage("cp [-r] SOURCE... TARGET");
    int status = 0;
    for (int i = optind; i < argc - 1; i++) {
        char path[PATH_MAX];
        const char* place = place_for(argv[i], target, path);
        status |= place ? copy(argv[i], place) : complain(argv[i]);
    }
    return status;
}
