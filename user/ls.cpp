// ls [-l] [PATH...]: lists directories by name; -l adds type and permissions, size, and where a link leads.

#include <algorithm>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace {

bool long_format = false;

int complain(const std::string& path) {
    fprintf(stderr, "ls: %s: %s\n", path.c_str(), strerror(errno));
    return 1;
}

// The ten characters of `ls -l`: -rwxr-xr-x.
std::string mode_string(mode_t mode) {
    std::string text = "-";
    for (auto [type, letter] :
         {std::pair{S_IFDIR, 'd'}, {S_IFLNK, 'l'}, {S_IFCHR, 'c'}, {S_IFBLK, 'b'}, {S_IFIFO, 'p'}}) {
        if (static_cast<int>(mode & S_IFMT) == type) {
            text = letter;
        }
    }
    for (int bit = 8; bit >= 0; bit--) {
        text += mode & (1u << bit) ? "rwx"[(8 - bit) % 3] : '-';
    }
    return text;
}

int print_entry(const std::string& path, const std::string& name) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) {
        return complain(path);
    }
    if (long_format) {
        printf("%s %9lld ", mode_string(info.st_mode).c_str(), static_cast<long long>(info.st_size));
    }
    char target[4096];
    ssize_t length = long_format && S_ISLNK(info.st_mode) ? readlink(path.c_str(), target, sizeof target) : -1;
    printf("%s%s%.*s\n", name.c_str(), length >= 0 ? " -> " : "", static_cast<int>(std::max<ssize_t>(length, 0)),
           target);
    return 0;
}

int list_directory(const std::string& path, DIR* directory) {
    std::vector<std::string> names;
    while (dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            names.emplace_back(entry->d_name);
        }
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    int status = 0;
    for (const std::string& name : names) {
        status |= print_entry(path + "/" + name, name);
    }
    return status;
}

int list(const std::string& path) {
    if (DIR* directory = opendir(path.c_str())) {
        return list_directory(path, directory);
    }
    return errno == ENOTDIR ? print_entry(path, path) : complain(path);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> paths(argv + 1, argv + argc);
    if (!paths.empty() && paths[0] == "-l") {
        long_format = true;
        paths.erase(paths.begin());
    }
    if (paths.empty()) {
        paths.emplace_back(".");
    }
    int status = 0;
    for (const std::string& path : paths) {
        if (paths.size() > 1) {
            printf("%s:\n", path.c_str());
        }
        status |= list(path);
    }
    return status;
}
