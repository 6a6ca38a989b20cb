// What the tests of files share: short names for what they make and look at.
#pragma once

#include <dirent.h>
#include <limits.h>
#include <set>
#include <sys/stat.h>

#include "testing.h"

inline int make_file(const char* name, const std::string& content = "") {
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
    EXPECT(fd >= 0);
    EXPECT(write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    return fd;
}

inline std::string content_of(const char* name) {
    int fd = open(name, O_RDONLY);
    EXPECT(fd >= 0);
    std::string content(1 << 20, 0);
    ssize_t count = read(fd, content.data(), content.size());
    EXPECT(count >= 0);
    close(fd);
    content.resize(static_cast<size_t>(count));
    return content;
}

inline std::string link_of(const std::string& path) {
    char text[PATH_MAX];
    ssize_t count = readlink(path.c_str(), text, sizeof(text));
    EXPECT(count >= 0);
    return std::string(text, static_cast<size_t>(count));
}

inline struct stat stat_of(const char* path) {
    struct stat info;
    EXPECT(lstat(path, &info) == 0);
    return info;
}

inline std::string working_directory() {
    char text[PATH_MAX];
    EXPECT(getcwd(text, sizeof(text)));
    return text;
}

inline bool is_there(const char* path) { return access(path, F_OK) == 0; }

inline std::set<std::string> names_in(const char* path) {
    DIR* directory = opendir(path);
    EXPECT(directory);
    std::set<std::string> names;
    while (dirent* entry = readdir(directory)) {
        EXPECT(names.insert(entry->d_name).second);
    }
    closedir(directory);
    return names;
}
