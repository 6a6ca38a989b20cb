#include "fs/directory.h"

#include <cstring>

namespace kern {

namespace {

// One lock for the shape of the tree: held for a few steps only, and a path is read of one piece.
constinit SpinLock tree{LockRank::inode};
constinit Directory* root = nullptr;

}  // namespace

Ref<Directory> root_directory() { return Ref<Directory>::share(root); }
void set_root_directory(Ref<Directory> directory) { root = directory.release(); }

void Directory::set_place(Ref<Directory> parent, String name) {
    LockGuard guard(tree);
    std::swap(parent_, parent);  // the old ones go when the lock is free again
    std::swap(name_, name);
}

Ref<Directory> Directory::parent() {
    LockGuard guard(tree);
    return Ref<Directory>::share(this == root ? this : parent_.get());
}

bool Directory::is_mount_point() {
    LockGuard guard(tree);
    return this == root || (parent_ && &parent_->file_system() != &file_system());
}

bool Directory::contains(Directory& other) {
    LockGuard guard(tree);
    Directory* at = &other;
    while (at && at != this)
        at = at->parent_.get();
    return at;
}

Result<std::string_view> Directory::path(std::span<char> buffer) {
    LockGuard guard(tree);
    size_t start = buffer.size();
    for (Directory* at = this; at != root; at = at->parent_.get()) {
        if (!at->parent_) return fail(Errno::ENOENT);
        std::string_view name = at->name_.view();
        if (start < name.size() + 1) return fail(Errno::ERANGE);
        start -= name.size() + 1;
        buffer[start] = '/';
        memcpy(&buffer[start + 1], name.data(), name.size());
    }
    if (start == buffer.size()) {
        if (buffer.empty()) return fail(Errno::ERANGE);
        buffer[--start] = '/';
    }
    return std::string_view(&buffer[start], buffer.size() - start);
}

}  // namespace kern
