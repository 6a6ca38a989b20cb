// Paths as system calls take them: text in the program's memory, walked from a directory descriptor or the working directory.
#pragma once

#include "fs/path.h"
#include "process/process.h"

namespace kern {

inline constexpr int AT_FDCWD = -100;
inline constexpr int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400, AT_EMPTY_PATH = 0x1000;

inline ProcessFiles& files() { return current_process().files; }
inline Result<Ref<File>> get_file(int fd) { return files().table.get(fd); }

struct UserPath {
    Ref<Directory> start;
    String text;

    std::string_view view() const { return text.view(); }
    Result<Target> entry() const { return walk(start, view(), LastLink::entry); }
};

// EFAULT, ENAMETOOLONG, ENOMEM; EBADF and ENOTDIR for `fd`, which an absolute path does not look at.
Result<UserPath> read_path(int fd, VirtAddr path);

// The inode a path leads to, or with AT_EMPTY_PATH and an empty one the file behind `fd`. `flags`: AT_SYMLINK_NOFOLLOW, too.
Result<Ref<Inode>> find_inode(int fd, VirtAddr path, int flags);

}  // namespace kern
