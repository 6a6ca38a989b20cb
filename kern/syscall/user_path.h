// Files and paths as system calls take them: a descriptor, or text in the program's memory that is walked from a
// directory's descriptor or the working directory.
#pragma once

#include "fs/tree.h"
#include "process/process.h"

namespace kern {

inline constexpr int AT_FDCWD = -100;
inline constexpr int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400,
                     AT_EMPTY_PATH = 0x1000;

inline ProcessFiles& files() { return current_process().files; }
// EBADF. A file opened with O_PATH only names something: most calls do not take it.
inline Result<Ref<File>> get_any_file(int fd) { return files().table.get(fd); }
inline Result<Ref<File>> get_file(int fd) {
    Ref<File> file = TRY(get_any_file(fd));
    return file->has(open_flag::PATH_ONLY) ? fail(Errno::EBADF) : Result<Ref<File>>(std::move(file));
}

// Implemented in file_path.cpp. EFAULT, ENAMETOOLONG, ENOMEM; EBADF and ENOTDIR for `fd`, which an absolute path does
// not look at; and what walk() says.
Result<Target> walk_user(int fd, VirtAddr path, LastLink last = LastLink::entry);
// The inode a path leads to, or with AT_EMPTY_PATH and an empty one the file behind `fd`. `flags`: AT_SYMLINK_NOFOLLOW,
// too.
Result<Ref<Inode>> find_inode(int fd, VirtAddr path, int flags = 0);

}  // namespace kern
