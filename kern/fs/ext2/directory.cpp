// Directories: what their blocks say, and the order in which names come and go.

#include "fs/ext2/ext2.h"

namespace ext2 {

// By the type of an entry.
constexpr InodeType TYPES[] = {InodeType{0},       InodeType::regular, InodeType::directory, InodeType::character,
                               InodeType::block,   InodeType::fifo,    InodeType{0140000},   InodeType::symlink};

static constexpr size_t size_for(size_t name_size) { return align_up(sizeof(Entry) + name_size, 4); }
static Entry* behind(Entry& entry, size_t size) { return reinterpret_cast<Entry*>(reinterpret_cast<char*>(&entry) + size); }
static std::string_view name_of(const Entry& entry) { return {entry.name, entry.name_size}; }

static void fill(Entry& entry, size_t size, std::string_view name, const Inode& inode) {
    auto type = std::ranges::find(TYPES, inode.type()) - TYPES;
    entry = {static_cast<uint32_t>(inode.number()), static_cast<uint16_t>(size), static_cast<uint8_t>(name.size()),
             static_cast<uint8_t>(type)};
    memcpy(entry.name, name.data(), name.size());
}

// LOOKING

// The first entry for which is_it(entry, offset in the directory) is true, from the block on that holds byte `from`;
// also those of inode 0 are asked about.
Result<Node::Found> Node::find_entry(uint64_t from, auto is_it) {
    size_t end = volume_.block_size;
    for (uint64_t start = align_down(from, end); start < size(); start += end) {
        uint32_t number = TRY(block_of(start / end, false));
        if (number == 0) return fail(Errno::EIO);
        Found found{TRY(volume_.at<Entry>(number))};
        for (size_t at = 0; at < end; at += found->size) {
            if (at) found.before = std::exchange(found.item, behind(*found.item, found->size));
            bool fits = end - at >= sizeof(Entry) && found->size <= end - at && found->size % 4 == 0;
            if (!fits || found->size < size_for(found->name_size)) return fail(Errno::EIO);
            if (is_it(*found.item, start + at)) return found;
        }
    }
    return Found();
}

Result<Node::Found> Node::find(std::string_view name) {
    return find_entry(0, [&](const Entry& entry, uint64_t) { return entry.inode && name_of(entry) == name; });
}

Result<Ref<Inode>> Node::lookup(std::string_view name) {
    LockGuard guard(volume_.lock);
    Found found = TRY(find(name));
    if (!found) return Ref<Inode>();
    Ref<Node> node = TRY(volume_.node(found->inode));
    if (node->as_directory() && !node->parent()) node->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
    return Ref<Inode>(node);
}

// A position is the offset of an entry.
Result<> Node::list(EntrySink& sink) {
    LockGuard guard(volume_.lock);
    uint64_t from = sink.position == FIRST_ENTRY ? 0 : sink.position;
    TRY(find_entry(from, [&](const Entry& entry, uint64_t offset) {
        std::string_view name = name_of(entry);
        if (entry.inode == 0 || offset < from || name == "." || name == "..") return false;
        return !sink.offer(name, entry.inode, TYPES[entry.type % std::size(TYPES)], offset + entry.size);
    }));
    return {};
}

Result<String> Node::read_link() {
    if (!is(InodeType::symlink)) return fail(Errno::EINVAL);
    LockGuard guard(volume_.lock);
    auto inode = TRY(volume_.inode(id()));
    if (size() < sizeof(inode->blocks)) return String::copy({reinterpret_cast<char*>(inode->blocks), size()});
    uint32_t number = TRY(block_of(0, false));
    if (number == 0 || size() > volume_.block_size) return fail(Errno::EIO);
    return String::copy({TRY(volume_.at<char>(number)).item, size()});
}

// NEW INODES

Result<Ref<Inode>> Node::make(const NewInode& what) {
    InodeType type{what.mode & TYPE_BITS};
    bool is_link = type == InodeType::symlink, is_directory = type == InodeType::directory;
    if (type != InodeType::regular && !is_directory && !is_link) return fail(Errno::EPERM);
    if (what.link_target.size() > volume_.block_size) return fail(Errno::ENAMETOOLONG);
    LockGuard guard(volume_.lock);
    DiskInode disk{};
    disk.mode = static_cast<uint16_t>(what.mode);
    disk.size_low = static_cast<uint32_t>(is_directory ? volume_.block_size : what.link_target.size());
    if (disk.size_low < sizeof(disk.blocks)) what.link_target.copy(reinterpret_cast<char*>(disk.blocks), disk.size_low);
    uint32_t number = TRY(volume_.take(Volume::INODE, id()));
    auto made = volume_.add_node(number, disk);
    if (!made) {
        TRY(volume_.give_back(Volume::INODE, number));
        return fail(made.error());
    }
    TRY((*made)->fill_new(disk, *this, what.link_target));  // else it goes again, having no name
    return Ref<Inode>(*made);
}

Result<> Node::fill_new(const DiskInode& disk, Node& parent, std::string_view link_target) {
    {
        auto inode = TRY(volume_.inode(id()));
        memset(static_cast<void*>(inode.item), 0, volume_.inode_size);
        *inode.item = disk;
        inode.changed();
    }
    if (as_directory()) {
        TRY(volume_.count_directory(id(), 1));
        auto entries = TRY(volume_.at<Entry>(TRY(block_of(0, true))));
        size_t first = size_for(1);
        fill(*entries.item, first, ".", *this);
        fill(*behind(*entries.item, first), volume_.block_size - first, "..", parent);
        TRY(entries.write());
    } else if (link_target.size() >= sizeof(disk.blocks)) {
        auto text = TRY(volume_.at<char>(TRY(block_of(0, true))));
        link_target.copy(text.item, link_target.size());
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
    return inode.write();
}

// An entry of inode 0 with room for a name that needs `size` bytes.
Result<Node::Found> Node::make_room(size_t size) {
    auto used = [](const Entry& entry) { return entry.inode ? size_for(entry.name_size) : size_t{0}; };
    for (;;) {
        Found found = TRY(find_entry(0, [&](const Entry& at, uint64_t) { return at.size - used(at) >= size; }));
        if (found && found->inode) {
            size_t used_before = used(*found.item);
            *behind(*found.item, used_before) = {0, static_cast<uint16_t>(found->size - used_before), 0, 0};
            found->size = static_cast<uint16_t>(used_before);
            found.item = behind(*found.item, used_before);
        }
        if (found) return found;
        TRY(block_of(this->size() / volume_.block_size, true));
        TRY(volume_.write_metadata());
        size_.fetch_add(volume_.block_size);
        TRY(store());
    }
}

Result<> Node::put(std::string_view name, Ref<Inode> inode) {
    LockGuard guard(volume_.lock);
    return put_entry(name, static_cast<Node&>(*inode));
}

Result<> Node::put_entry(std::string_view name, Node& node) {
    TRY(drop_index());
    Found found = TRY(find(name));
    if (found) return replace_entry(std::move(found), node);
    found = TRY(make_room(size_for(name.size())));
    fill(*found.item, found->size, name, node);
    TRY(found.write());
    gained(node);
    return {};
}

Result<> Node::replace_entry(Found found, Node& node) {
    Ref<Node> old = TRY(volume_.node(found->inode));
    char buffer[16];
    BufferSink spare{std::span(buffer)};
    format_to(spare, "#{}", old->number());
    Ref<Node> shelter = old->links() == 1 ? volume_.shelter() : nullptr;
    if (shelter) TRY(shelter->put_entry(spare.view(), *old));
    TRY(drop_name(*old));
    fill(*found.item, found->size, name_of(*found.item), node);
    TRY(found.write());
    gained(node);
    return shelter ? shelter->erase_entry(spare.view()) : Result<>();
}

Result<> Node::erase(std::string_view name) {
    LockGuard guard(volume_.lock);
    return erase_entry(name);
}

Result<> Node::erase_entry(std::string_view name) {
    TRY(drop_index());
    Found found = TRY(find(name));
    if (!found) return fail(Errno::ENOENT);
    TRY(drop_name(*TRY(volume_.node(found->inode))));
    if (found.before) found.before->size = static_cast<uint16_t>(found.before->size + found->size);
    else found->inode = 0;
    TRY(found.write());
    Volume::wake_flusher();
    return {};
}

// Before the entry goes.
Result<> Node::drop_name(Node& node) {
    lost(node);
    Result<> written = node.links() ? Result<>() : node.write_inode();
    if (!written) gained(node);
    return written;
}

Result<> Node::set_parent(Directory& parent) {
    LockGuard guard(volume_.lock);
    Found found = TRY(find(".."));
    if (!found) return fail(Errno::EIO);
    found->inode = static_cast<uint32_t>(parent.number());
    return found.write();
}

}  // namespace ext2
