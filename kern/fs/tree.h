// The tree of names: walking a path through it (see path_resolution(7)), and changing it by the rules common to all
// file systems, checked here once.
#pragma once

#include "fs/file.h"

// What a path names: an entry of a directory, which need not be there yet.
struct Target {
    Ref<Directory> directory;
    std::string_view name;  // in the path that was walked, or in `text`; empty: the path is "/"; may be "." or ".."
    bool slash_follows;     // only a directory will do
    Ref<Inode> inode;       // null: the directory has no such entry
    String text;            // of a symbolic link that was followed
};

// What becomes of a symbolic link in the last place.
enum class LastLink {
    follow,
    keep,   // unless a slash follows: lstat(2)
    entry,  // never followed, and the caller checks the slash: for calls that change the entry itself, like unlink(2)
};

// Walks from `start` (null: the root; an absolute path begins there in any case). ENOENT (no path, or a directory on
// the way is missing), ENOTDIR, ELOOP (more than SYMLINK_LIMIT links), ENAMETOOLONG, ENOMEM, EIO.
Result<Target> walk(Ref<Directory> start, std::string_view path, LastLink last);

// The same for what must be there: ENOENT.
Result<Ref<Inode>> find(Ref<Directory> start, std::string_view path, LastLink last = LastLink::follow);

// CHANGING. A Target comes from walk() with LastLink::entry; what it found may be out of date, so each call looks again
// with the names of the file system held still. All say EROFS, EIO, ENOMEM and ENOSPC.

// A new file of any kind. EEXIST, ENOENT, EMLINK.
Result<Ref<Inode>> create(const Target& target, const NewInode& what);
// link(2). EPERM (a directory), EXDEV, EEXIST, EMLINK.
Result<> link(Inode& inode, const Target& target);
// unlink(2): EISDIR, ENOENT, ENOTDIR; or rmdir(2): ENOTDIR, ENOTEMPTY, EBUSY (mounted on), EINVAL (".").
Result<> remove(const Target& target, bool is_directory);
enum class Existing { replace, keep };
// rename(2). EEXIST (Existing::keep), EXDEV, EINVAL (into itself), ENOTEMPTY, ENOTDIR, EISDIR, EBUSY.
Result<> rename(const Target& from, const Target& to, Existing existing = Existing::replace);

// OPENING

// What open(2) with these flags does with a link in the last place.
LastLink last_link_for(uint32_t flags);
// open(2) of what walk() found so; `mode` holds the permissions of a file it makes. EISDIR, ENOTDIR, ELOOP, EEXIST,
// ENXIO.
Result<Ref<File>> open_target(Target& target, uint32_t flags, uint32_t mode);
// Both; errors of either.
Result<Ref<File>> open_path(Ref<Directory> start, std::string_view path, uint32_t flags, uint32_t mode = 0);
// For execve(2): a regular file that someone may execute, else EACCES.
Result<Ref<File>> open_executable(Ref<Directory> start, std::string_view path);
