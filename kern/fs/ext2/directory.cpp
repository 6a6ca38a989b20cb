// Directories: what their blocks say, and the order in which names come and go.

#include "fs/ext2/ext2.h"

namespace kern::ext2 {

namespace {

// By the type of an entry.
constexpr InodeType TYPES[] = {InodeType{0},       InodeType::regular, InodeType::directory, InodeType::character,
                               InodeType::block,   InodeType::fifo,    InodeType{0140000},   InodeType::symlink};

constexpr size_t size_for(size_t name_size) { return align_up(sizeof(Entry) + name_size, 4); }
std::string_view name_of(const Entry& entry) { return {entry.name, entry.name_size}; }

void fill(Entry& entry, size_t size, std::string_view name, const Inode& inode) {
    auto type = std::ranges::find(TYPES, inode.type()) - TYPES;
    entry = {static_cast<uint32_t>(inode.number()), static_cast<uint16_t>(size), static_cast<uint8_t>(name.size()),
             static_cast<uint8_t>(type)};
    memcpy(entry.name, name.data(), name.size());
}

}  // namespace

// LOOKING

// Calls visit(block, start of the block in the directory, at, before) for each entry, from the block on that holds byte
// `from`, also for those of inode 0, until it says true; says whether it did.
template <typename Visit>
Result<bool> Node::for_each_entry(uint64_t from, Visit visit) {
    size_t end = volume_.block_size();
    for (uint64_t start = align_down(from, end); start < size(); start += end) {
        uint32_t number = TRY(block_of(start / end, false));
        if (number == 0) return fail(Errno::EIO);
        Block block = TRY(volume_.block(number));
        for (size_t at = 0, before = 0, next; at < end; before = at, at = next) {
            const Entry& entry = *block.at<Entry>(at);
            bool fits = end - at >= sizeof(Entry) && entry.size <= end - at && entry.size >= size_for(entry.name_size);
            if (!fits || entry.size % 4) return fail(Errno::EIO);
            next = at + entry.size;
            if (visit(block, start, at, before)) return true;
        }
    }
    return false;
}

Result<Node::Found> Node::find(std::string_view name) {
    Found found;
    TRY(for_each_entry(0, [&](Block& block, uint64_t, size_t at, size_t before) {
        const Entry& entry = *block.at<Entry>(at);
        if (entry.inode == 0 || name_of(entry) != name) return false;
        found = {std::move(block), at, before};
        return true;
    }));
    return found;
}

Result<Ref<Inode>> Node::lookup(std::string_view name) {
    LockGuard guard(volume_.lock());
    Found found = TRY(find(name));
    if (!found.block) return fail(Errno::ENOENT);
    Ref<Node> node = TRY(volume_.node(found.entry().inode));
    if (node->as_directory() && !node->parent()) node->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
    return Ref<Inode>(node);
}

// A position is the offset of an entry.
Result<> Node::list(EntrySink& sink) {
    LockGuard guard(volume_.lock());
    uint64_t from = sink.position == FIRST_ENTRY ? 0 : sink.position;
    TRY(for_each_entry(from, [&](Block& block, uint64_t start, size_t at, size_t) {
        const Entry& entry = *block.at<Entry>(at);
        std::string_view name = name_of(entry);
        if (entry.inode == 0 || start + at < from || name == "." || name == "..") return false;
        return !sink.offer(name, entry.inode, TYPES[entry.type % std::size(TYPES)], start + at + entry.size);
    }));
    return {};
}

Result<String> Node::read_link() {
    if (!is(InodeType::symlink)) return fail(Errno::EINVAL);
    LockGuard guard(volume_.lock());
    auto inode = TRY(volume_.inode(id()));
    bool is_short = size() < sizeof(inode->blocks);
    uint32_t number = is_short ? 0 : TRY(block_of(0, false));
    if (!is_short && (number == 0 || size() > volume_.block_size())) return fail(Errno::EIO);
    Block text = is_short ? std::move(inode.block) : TRY(volume_.block(number));
    return String::copy({is_short ? reinterpret_cast<char*>(inode->blocks) : text.at<char>(), size()});
}

// NEW INODES

Result<Ref<Inode>> Node::make(const NewInode& what) {
    InodeType type{what.mode & TYPE_BITS};
    if (type == InodeType::fifo || std::ranges::find(TYPES, type) == std::end(TYPES)) return fail(Errno::EPERM);
    LockGuard guard(volume_.lock());
    uint32_t number = TRY(volume_.take(Volume::INODE, id()));
    DiskInode disk{};
    disk.mode = static_cast<uint16_t>(what.mode);
    disk.blocks[1] = static_cast<uint32_t>(what.device);
    auto made = volume_.add_node(number, disk, 0);
    if (!made) {
        TRY(volume_.give_back(Volume::INODE, number));
        return fail(made.error());
    }
    TRY((*made)->fill_new(disk, *this, what));  // else it goes again, having no name
    return Ref<Inode>(*made);
}

Result<> Node::fill_new(const DiskInode& disk, Node& parent, const NewInode& what) {
    {
        auto inode = TRY(volume_.inode(id()));
        memset(static_cast<void*>(inode.item), 0, volume_.inode_size());
        *inode.item = disk;
        std::string_view text = what.link_target;
        if (text.size() < sizeof(inode->blocks)) text.copy(reinterpret_cast<char*>(inode->blocks), text.size());
        inode.block.changed();
    }
    if (as_directory()) {
        TRY(volume_.count_directory(id(), 1));
        Block entries = TRY(volume_.block(TRY(block_of(0, true))));
        size_t first = size_for(1);
        fill(*entries.at<Entry>(), first, ".", *this);
        fill(*entries.at<Entry>(first), volume_.block_size() - first, "..", parent);
        size_.store(volume_.block_size());
        TRY(entries.write());
    } else if (is(InodeType::symlink)) {
        if (what.link_target.size() > volume_.block_size()) return fail(Errno::ENAMETOOLONG);
        size_.store(what.link_target.size());
        if (what.link_target.size() < sizeof(disk.blocks)) return store();
        Block text = TRY(volume_.block(TRY(block_of(0, true))));
        what.link_target.copy(text.at<char>(), what.link_target.size());
        TRY(text.write());
    }
    return store();
}

// NAMES. The order of what is written is explained in ext2.h.

// A hash tree over the entries would be wrong after a change: the directory does without from here on.
Result<> Node::drop_index() {
    auto inode = TRY(volume_.inode(id()));
    if (!(inode->flags & FLAG_INDEXED)) return {};
    inode->flags &= ~FLAG_INDEXED;
    return inode.block.write();
}

// An entry of inode 0 with room for a name that needs `size` bytes.
Result<Node::Found> Node::make_room(size_t size) {
    for (;;) {
        Found found;
        TRY(for_each_entry(0, [&](Block& block, uint64_t, size_t at, size_t before) {
            Entry& entry = *block.at<Entry>(at);
            size_t used = entry.inode ? size_for(entry.name_size) : 0;
            if (entry.size - used < size) return false;
            if (used) {
                *block.at<Entry>(at + used) = {0, static_cast<uint16_t>(entry.size - used), 0, 0};
                entry.size = static_cast<uint16_t>(used);
            }
            found = {std::move(block), at + used, used ? at : before};
            return true;
        }));
        if (found.block) return found;
        TRY(block_of(this->size() / volume_.block_size(), true));
        TRY(volume_.write_metadata());
        size_.fetch_add(volume_.block_size());
        TRY(store());
    }
}

Result<> Node::put(std::string_view name, Ref<Inode> inode) {
    LockGuard guard(volume_.lock());
    return put_entry(name, static_cast<Node&>(*inode));
}

Result<> Node::put_entry(std::string_view name, Node& node) {
    TRY(drop_index());
    Found found = TRY(find(name));
    if (found.block) return replace_entry(std::move(found), node);
    found = TRY(make_room(size_for(name.size())));
    fill(found.entry(), found.entry().size, name, node);
    TRY(found.block.write());
    node.names_++;
    return node.store();
}

Result<> Node::replace_entry(Found found, Node& node) {
    Ref<Node> old = TRY(volume_.node(found.entry().inode));
    char buffer[16];
    BufferSink spare{std::span(buffer)};
    format_to(spare, "#{}", old->number());
    Node* shelter = old->names_ == 1 && !old->as_directory() ? volume_.shelter() : nullptr;
    if (shelter) TRY(shelter->put_entry(spare.view(), *old));
    old->names_--;
    if (old->names_ == 0) TRY(old->write_inode());
    Entry& entry = found.entry();
    fill(entry, entry.size, name_of(entry), node);
    TRY(found.block.write());
    node.names_++;
    TRY(node.store());
    return shelter ? shelter->erase_entry(spare.view()) : Result<>();
}

Result<> Node::erase(std::string_view name) {
    LockGuard guard(volume_.lock());
    return erase_entry(name);
}

Result<> Node::erase_entry(std::string_view name) {
    TRY(drop_index());
    Found found = TRY(find(name));
    if (!found.block) return fail(Errno::ENOENT);
    Ref<Node> node = TRY(volume_.node(found.entry().inode));
    node->names_--;
    if (auto stored = node->names_ ? node->store() : node->write_inode(); !stored) {
        node->names_++;
        return stored;
    }
    if (found.at != found.before) found.block.at<Entry>(found.before)->size += found.entry().size;
    else found.entry().inode = 0;
    TRY(found.block.write());
    Volume::wake_flusher();
    return {};
}

Result<> Node::set_parent(Directory& parent) {
    LockGuard guard(volume_.lock());
    Found found = TRY(find(".."));
    if (!found.block) return fail(Errno::EIO);
    found.entry().inode = static_cast<uint32_t>(parent.number());
    return found.block.write();
}

}  // namespace kern::ext2
