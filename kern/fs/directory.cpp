#include "fs/directory.h"

// One lock for the shape of the tree: held for a few steps only, and a path is read of one piece.
static constinit SpinLock tree{LockRank::inode};
static constinit Directory* root = nullptr;

Ref<Directory> root_directory() { return Ref<Directory>::share(root); }
void set_root_directory(Ref<Directory> directory) { root = directory.release(); }

// A record: inode number, position of the next entry, size of the record, type, name, NUL, padding.
bool EntrySink::offer(std::string_view name, uint64_t inode_number, InodeType type, uint64_t next) {
    struct [[gnu::packed]] Head {
        uint64_t inode_number, next;
        uint16_t size;
        uint8_t type;  // DT_REG and so on
    };
    auto size = static_cast<uint16_t>(align_up(sizeof(Head) + name.size() + 1, 8));
    is_full_ = size > buffer_.size() - used_;
    if (is_full_) return false;
    std::byte* record = buffer_.data() + used_;
    memset(record, 0, size);
    new (record) Head{inode_number, next, size, static_cast<uint8_t>(static_cast<uint32_t>(type) >> 12)};
    memcpy(record + sizeof(Head), name.data(), name.size());
    used_ += size;
    position = next;
    return true;
}

bool Directory::is_empty() {
    std::byte room[NAME_LIMIT + 32];
    EntrySink first(room, FIRST_ENTRY);
    return list(first) && first.records().empty();
}

void Directory::count_name(Inode& inode, int change) {
    inode.add_links(inode.as_directory() ? 2 * change : change);
    add_links(inode.as_directory() ? change : 0);
    touch_modified();
}

void Directory::set_place(Ref<Directory> parent, String name) {
    LockGuard guard(tree);
    std::swap(parent_, parent);  // the old ones go when the lock is free again
    std::swap(name_, name);
}

Ref<Directory> Directory::parent() {
    LockGuard guard(tree);
    Directory* at = this;
    while (at != root && at->parent_ && at->name_.empty()) at = at->parent_.get();
    return Ref<Directory>::share(at == root ? at : at->parent_.get());
}

Ref<Directory> Directory::top() {
    if (!covered_.load()) return Ref<Directory>::share(this);
    LockGuard guard(tree);
    Directory* at = this;
    while (at->root_here_) at = at->root_here_.get();
    return Ref<Directory>::share(at);
}

Result<> Directory::cover(Ref<Directory> mounted) {
    Ref<Directory> place;  // what has no use any more goes when the lock is free again
    LockGuard guard(tree);
    if (mounted && (root_here_ || this == root)) return fail(Errno::EBUSY);
    if (mounted && links() == 0) return fail(Errno::ENOENT);
    if (mounted) mounted->parent_ = Ref<Directory>::share(this);
    else std::swap(root_here_->parent_, place);
    covered_.store(mounted ? 1 : 0);
    std::swap(root_here_, mounted);
    return {};
}

bool Directory::contains(Directory& other) {
    LockGuard guard(tree);
    Directory* at = &other;
    while (at && at != this) at = at->parent_.get();
    return at;
}

Result<std::string_view> Directory::path(std::span<char> buffer, std::string_view name, std::string_view remark) {
    LockGuard guard(tree);
    char* start = buffer.data() + buffer.size();
    auto prepend = [&](std::string_view text) {
        bool fits = text.size() <= static_cast<size_t>(start - buffer.data());
        if (fits) start -= text.copy(start - text.size(), text.size());
        return fits;
    };
    bool fits = prepend(remark) && (name.empty() || (prepend(name) && prepend("/")));
    for (Directory* at = this; at != root && fits; at = at->parent_.get()) {
        if (!at->parent_ || at->links() == 0) return fail(Errno::ENOENT);
        fits = at->name_.empty() || (prepend(at->name_.view()) && prepend("/"));
    }
    bool is_root = start == buffer.data() + buffer.size();
    if (!fits || (is_root && !prepend("/"))) return fail(Errno::ERANGE);
    return std::string_view(start, buffer.data() + buffer.size());
}
