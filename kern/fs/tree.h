// Changing the tree of names: the rules common to all file systems, checked here once. A Target comes from walk() with
// LastLink::entry; what it found may be out of date, so each call looks again with the directory held still.
#pragma once

#include "fs/file.h"
#include "fs/path.h"

namespace kern {

// A new file, directory or symbolic link. EEXIST, ENOENT, ENOMEM, ENOSPC.
Result<Ref<Inode>> create(const Target& target, const NewInode& what);
// link(2). EPERM (a directory), EXDEV, EEXIST.
Result<> link(Inode& inode, const Target& target);
// unlink(2). EISDIR, ENOENT, ENOTDIR.
Result<> unlink(const Target& target);
// rmdir(2). ENOTDIR, ENOTEMPTY, EBUSY (mounted on), EINVAL (".").
Result<> remove_directory(const Target& target);
enum class Existing { replace, keep };
// rename(2). EEXIST (Existing::keep), EXDEV, EINVAL (into itself), ENOTEMPTY, ENOTDIR, EISDIR, EBUSY.
Result<> rename(const Target& from, const Target& to, Existing existing = Existing::replace);

// open(2); `mode` holds the permissions of a file it makes. EISDIR, ENOTDIR, ELOOP, EEXIST and what walk() says.
Result<Ref<File>> open_path(Ref<Directory> start, std::string_view path, uint32_t flags, uint32_t mode = 0);
// For execve(2): a regular file that someone may execute, else EACCES.
Result<Ref<File>> open_executable(Ref<Directory> start, std::string_view path);

}  // namespace kern
