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
    Directory* at = this;
    while (at->parent_ && at->name_.empty())
        at = at->parent_.get();
    return Ref<Directory>::share(at == root ? at : at->parent_.get());
}

Ref<Directory> Directory::top() {
    if (!covered_.load()) return Ref<Directory>::share(this);
    LockGuard guard(tree);
    Directory* at = this;
    while (at->root_here_)
        at = at->root_here_.get();
    return Ref<Directory>::share(at);
}

Result<> Directory::cover(Ref<Directory> mounted) {
    Ref<Directory> place;  // what has no use any more goes when the lock is free again
    LockGuard guard(tree);
    if (mounted && (root_here_ || this == root)) return fail(Errno::EBUSY);
    if (mounted && !parent_) return fail(Errno::ENOENT);
    if (mounted)
        mounted->parent_ = Ref<Directory>::share(this);
    else
        std::swap(root_here_->parent_, place);
    covered_.store(mounted ? 1 : 0);
    std::swap(root_here_, mounted);
    return {};
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
        if (name.empty()) continue;
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
