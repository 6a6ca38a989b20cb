// Walking a path: from a string to the entry of a directory it names. See path_resolution(7).
#pragma once

#include <cstring>

#include "fs/directory.h"

namespace kern {

// One component of a path, kept after the path is gone.
struct Name {
    uint8_t size = 0;
    char bytes[NAME_LIMIT];

    Name() = default;
    explicit Name(std::string_view text) : size(static_cast<uint8_t>(text.size())) { memcpy(bytes, text.data(), size); }
    Name(const Name& other) : Name(other.view()) {}
    Name& operator=(const Name&) = delete;
    std::string_view view() const { return {bytes, size}; }
    bool is_dots() const { return view() == "." || view() == ".."; }
};

// What a path names: an entry of a directory, which need not be there yet.
struct Target {
    Ref<Directory> directory;
    Name name;            // empty: the path is "/"; may be "." or ".."
    bool slash_follows;   // only a directory will do
    Ref<Inode> inode;     // null: the directory has no such entry
};

// What becomes of a symbolic link in the last place.
enum class LastLink {
    follow,
    keep,   // unless a slash follows: lstat(2)
    entry,  // never followed, and the caller checks the slash: for calls that change the entry itself, like unlink(2)
};

// Walks from `start` (from the root for an absolute path). ENOENT (no path, or a directory on the way is missing), ENOTDIR,
// ELOOP (more than SYMLINK_LIMIT links), ENAMETOOLONG, ENOMEM.
Result<Target> walk(Ref<Directory> start, std::string_view path, LastLink last);

// The same for what must be there: ENOENT.
Result<Ref<Inode>> find(Ref<Directory> start, std::string_view path, LastLink last = LastLink::follow);

}  // namespace kern
