#include "fs/ramfs.h"

#include "fs/file.h"

namespace kern {

namespace {

// FNV-1a.
uint32_t hash_of(std::string_view name) {
    uint32_t hash = 2166136261;
    for (char c : name)
        hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
    return hash;
}

constexpr uint32_t DIRECTORY = static_cast<uint32_t>(InodeType::directory);

// A symbolic link.
class RamLink final : public Inode {
public:
    RamLink(FileSystem& fs, String text)
        : Inode(fs, static_cast<uint32_t>(InodeType::symlink) | 0777), text_(std::move(text)) {}
    uint64_t size() override { return text_.size(); }
    Result<String> read_link() override { return String::copy(text_.view()); }

private:
    String text_;
};

class RamFile final : public Inode {
public:
    RamFile(FileSystem& fs, uint32_t mode, Ref<Vmo> vmo) : Inode(fs, mode), vmo_(std::move(vmo)) {}

    uint64_t size() override { return vmo_->size(); }
    Ref<Vmo> vmo() override { return vmo_; }
    Result<> resize(uint64_t size) override {
        if (size > FILE_SIZE_LIMIT) return fail(Errno::EFBIG);
        touch_modified();
        return vmo_->resize(size);
    }

private:
    Ref<Vmo> vmo_;
};

Result<Ref<Inode>> make_inode(FileSystem& fs, const NewInode& what) {
    if (!memory_for_files()) return fail(Errno::ENOSPC);
    switch (InodeType{what.mode & TYPE_BITS}) {
    case InodeType::directory:
        return TRY(make_ref<RamDirectory>(fs, what.mode));
    case InodeType::symlink:
        return TRY(make_ref<RamLink>(fs, TRY(String::copy(what.link_target))));
    case InodeType::regular:
        return TRY(make_ref<RamFile>(fs, what.mode, TRY(Vmo::create(0))));
    default:
        return fail(Errno::EPERM);
    }
}

class Tmpfs final : public FileSystem {
public:
    Tmpfs() : FileSystem("tmpfs", 0x01021994, new_device()) {}
    void unused() override { delete this; }
};

}  // namespace

Result<Ref<Directory>> make_tmpfs() {
    auto fs = TRY(make_own<Tmpfs>());
    Ref<Directory> root = TRY(make_ref<RamDirectory>(*fs, 01777));
    fs.release();
    return root;
}

// THE ENTRIES

NameTable::~NameTable() {
    while (Entry* entry = in_order_.pop_front())
        delete entry;
}

NameTable::Entry* NameTable::find(std::string_view name) {
    if (buckets_.empty()) return nullptr;
    uint32_t hash = hash_of(name);
    Entry* entry = bucket(hash);
    while (entry && (entry->hash != hash || entry->name != name))
        entry = entry->next_in_bucket;
    return entry;
}

// Twice the buckets, and every entry into its new one.
Result<> NameTable::grow() {
    Vec<Entry*> buckets;
    TRY(buckets.resize(buckets_.empty() ? 8 : buckets_.size() * 2));
    buckets_ = std::move(buckets);
    for (Entry& entry : in_order_)
        entry.next_in_bucket = std::exchange(bucket(entry.hash), &entry);
    return {};
}

Result<> NameTable::insert(std::string_view name, Ref<Inode> inode) {
    auto entry = TRY(make_own<Entry>());
    entry->name = TRY(String::copy(name));
    if (size_ >= buckets_.size())
        TRY(grow());
    entry->inode = std::move(inode);
    entry->position = next_position_++;
    entry->hash = hash_of(name);
    entry->next_in_bucket = std::exchange(bucket(entry->hash), entry.get());
    in_order_.push_back(*entry.release());
    size_++;
    return {};
}

Own<NameTable::Entry> NameTable::remove(Entry& entry) {
    Entry** link = &bucket(entry.hash);
    while (*link != &entry)
        link = &(*link)->next_in_bucket;
    *link = entry.next_in_bucket;
    entry.unlink();
    size_--;
    return Own<Entry>(&entry);
}

void NameTable::list(EntrySink& sink) {
    for (Entry& entry : in_order_)
        if (entry.position >= sink.position &&
            !sink.offer(entry.name.view(), entry.inode->number(), entry.inode->type(), entry.position + 1))
            return;
}

// THE DIRECTORY

RamDirectory::RamDirectory(FileSystem& fs, uint32_t mode) : Directory(fs, DIRECTORY | (mode & PERMISSION_BITS)) {
    add_link();  // its own "."
}

// As Linux's tmpfs counts.
uint64_t RamDirectory::size() { return 20 * (names_.lock()->size() + 2); }

Result<Ref<Inode>> RamDirectory::lookup(std::string_view name) {
    auto names = names_.lock();
    auto* entry = names->find(name);
    return entry ? Result<Ref<Inode>>(entry->inode) : fail(Errno::ENOENT);
}

Result<> RamDirectory::list(EntrySink& sink) {
    names_.lock()->list(sink);
    return {};
}

Result<Ref<Inode>> RamDirectory::create(std::string_view name, const NewInode& what) {
    Ref<Inode> inode = TRY(make_inode(file_system(), what));
    Directory* directory = inode->as_directory();
    if (directory)
        directory->set_place(Ref<Directory>::share(this), TRY(String::copy(name)));
    TRY(put(name, inode));
    if (directory)
        add_link();  // its ".."
    touch_modified();
    return inode;
}

Result<> RamDirectory::add(std::string_view name, Inode& inode) {
    TRY(put(name, Ref<Inode>::share(&inode)));
    inode.add_link();
    touch_modified();
    return {};
}

Result<> RamDirectory::remove(std::string_view name, Inode& inode) {
    drop_entry(name);
    inode.drop_link();
    if (inode.as_directory()) {
        inode.drop_link();
        drop_link();
    }
    touch_modified();
    return {};
}

void RamDirectory::drop_entry(std::string_view name) {
    Own<NameTable::Entry> gone;  // goes when the lock is free again
    auto names = names_.lock();
    gone = names->remove(*names->find(name));
}

// The name leads to `inode` from here on, at no moment nowhere.
Result<> RamDirectory::set_entry(std::string_view name, Inode& inode) {
    auto old = Ref<Inode>::share(&inode);  // what it will be; goes when the lock is free again
    auto names = names_.lock();
    auto* entry = names->find(name);
    if (!entry) return names->insert(name, std::move(old));
    std::swap(entry->inode, old);
    return {};
}

Result<> RamDirectory::move(std::string_view name, Inode& inode, Directory& to, std::string_view new_name, Inode* replaced) {
    auto& target = static_cast<RamDirectory&>(to);
    TRY(target.set_entry(new_name, inode));
    drop_entry(name);
    bool is_directory = inode.as_directory();
    if (is_directory) {
        drop_link();
        target.add_link();
    }
    if (replaced) {
        replaced->drop_link();
        if (replaced->as_directory()) {
            replaced->drop_link();
            target.drop_link();
        }
    }
    inode.touch_changed();
    touch_modified();
    target.touch_modified();
    return {};
}

}  // namespace kern
