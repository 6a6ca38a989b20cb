#include "syscall/user_path.h"

#include "mm/user_copy.h"

namespace kern {

namespace {

Result<Ref<Directory>> directory_of(int fd) {
    if (fd == AT_FDCWD) return files().working_directory();
    Directory* directory = TRY(get_file(fd))->inode().as_directory();
    return directory ? Result<Ref<Directory>>(Ref<Directory>::share(directory)) : fail(Errno::ENOTDIR);
}

Result<Ref<Inode>> inode_of(int fd) {
    if (fd == AT_FDCWD) return Ref<Inode>(files().working_directory());
    return Ref<Inode>::share(&TRY(get_file(fd))->inode());
}

}  // namespace

Result<UserPath> read_path(int fd, VirtAddr path) {
    String text = TRY(read_user_path(path));
    if (text.empty()) return fail(Errno::ENOENT);
    Ref<Directory> start = text.view().starts_with('/') ? root_directory() : TRY(directory_of(fd));
    return UserPath{std::move(start), std::move(text)};
}

Result<Ref<Inode>> find_inode(int fd, VirtAddr path, int flags) {
    if ((flags & AT_EMPTY_PATH) && TRY(read_user<char>(path)) == 0) return inode_of(fd);
    UserPath where = TRY(read_path(fd, path));
    return find(where.start, where.view(), flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow);
}

}  // namespace kern
