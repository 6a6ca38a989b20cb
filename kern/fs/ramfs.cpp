#include "fs/ramfs.h"

#include "fs/file.h"

namespace kern {

namespace {

constexpr uint32_t DIRECTORY = static_cast<uint32_t>(InodeType::directory);

// FNV-1a.
uint32_t hash_of(std::string_view name) {
    uint32_t hash = 2166136261;
    for (char c : name)
        hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
    return hash;
}

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
    Result<> resize(uint64_t size) override { return vmo_->resize(size); }
    // What is there already can be written again however little memory is left.
    Result<> allocate(uint64_t from, uint64_t to) override {
        if ((to - from) >> PAGE_SHIFT > free_frame_count()) return fail(Errno::ENOSPC);
        for (uint64_t index = from >> PAGE_SHIFT; !memory_for_files() && index << PAGE_SHIFT < to; index++)
            if (!vmo_->cached_page(index)) return fail(Errno::ENOSPC);
        return {};
    }

private:
    Ref<Vmo> vmo_;
};

class Tmpfs final : public FileSystem {
public:
    Tmpfs() : FileSystem("tmpfs", 0x01021994, new_device()) {}
    void unmounted(Directory& root) override { static_cast<RamDirectory&>(root).take_apart(); }
    void unused() override { delete this; }
};

}  // namespace

bool memory_for_files() { return free_frame_count() > total_frame_count() / 32; }

Result<Ref<Directory>> make_tmpfs() {
    auto fs = TRY(make_own<Tmpfs>());
    Ref<Directory> root = TRY(make_ref<RamDirectory>(*fs, 01777));
    fs.release();
    return root;
}

// THE ENTRIES

// The link of the chain that leads to this name, or that would: 0, at the chain's end.
uint32_t& NameTable::link_to(std::string_view name) {
    uint32_t* link = &buckets_[hash_of(name) & (buckets_.size() - 1)];
    while (*link && entries_[*link - 1].name != name)
        link = &entries_[*link - 1].next;
    return *link;
}

Ref<Inode>* NameTable::find(std::string_view name) {
    uint32_t place = buckets_.empty() ? 0 : link_to(name);
    return place ? &entries_[place - 1].inode : nullptr;
}

// Twice the buckets, and every entry into its new one.
Result<> NameTable::grow() {
    Vec<uint32_t> buckets;
    TRY(buckets.resize(std::max<size_t>(8, buckets_.size() * 2)));
    buckets_ = std::move(buckets);
    for (uint32_t i = 0; i < entries_.size(); i++) {
        entries_[i].next = 0;
        link_to(entries_[i].name.view()) = i + 1;
    }
    return {};
}

Result<> NameTable::insert(std::string_view name, Ref<Inode> inode) {
    String own_name = TRY(String::copy(name));
    if (!free_) {
        if (entries_.size() >= buckets_.size())
            TRY(grow());
        TRY(entries_.push({}));
        free_ = static_cast<uint32_t>(entries_.size());
    }
    uint32_t place = free_;
    free_ = entries_[place - 1].next;
    entries_[place - 1] = {std::move(own_name), std::move(inode)};
    link_to(name) = place;
    size_++;
    return {};
}

Ref<Inode> NameTable::erase(std::string_view name) {
    if (!find(name)) return {};
    uint32_t& link = link_to(name);
    uint32_t place = std::exchange(link, entries_[link - 1].next);
    size_--;
    return std::exchange(entries_[place - 1], {String(), nullptr, std::exchange(free_, place)}).inode;
}

Ref<Inode> NameTable::erase_any() {
    if (!size_) return {};
    while (!entries_[sweep_ % entries_.size()].inode)
        sweep_++;
    return erase(entries_[sweep_ % entries_.size()].name.view());
}

void NameTable::list(EntrySink& sink) {
    for (size_t i = sink.position - Directory::FIRST_ENTRY; i < entries_.size(); i++) {
        Entry& entry = entries_[i];
        if (!entry.inode) continue;
        if (!sink.offer(entry.name.view(), entry.inode->number(), entry.inode->type(), Directory::FIRST_ENTRY + i + 1)) return;
    }
}

// THE DIRECTORY

RamDirectory::RamDirectory(FileSystem& fs, uint32_t mode) : Directory(fs, DIRECTORY | (mode & PERMISSION_BITS)) {}

// As Linux's tmpfs counts.
uint64_t RamDirectory::size() { return 20 * (names_.lock()->size() + 2); }

Result<Ref<Inode>> RamDirectory::lookup(std::string_view name) {
    auto names = names_.lock();
    Ref<Inode>* inode = names->find(name);
    return inode ? Result<Ref<Inode>>(*inode) : fail(Errno::ENOENT);
}

Result<> RamDirectory::list(EntrySink& sink) {
    names_.lock()->list(sink);
    return {};
}

Result<Ref<Inode>> RamDirectory::make(const NewInode& what) {
    FileSystem& fs = file_system();
    if (!memory_for_files()) return fail(Errno::ENOSPC);
    switch (InodeType{what.mode & TYPE_BITS}) {
    case InodeType::directory: return TRY(make_ref<RamDirectory>(fs, what.mode));
    case InodeType::symlink: return TRY(make_ref<RamLink>(fs, TRY(String::copy(what.link_target))));
    case InodeType::regular: return TRY(make_ref<RamFile>(fs, what.mode, TRY(Vmo::create(0))));
    case InodeType::fifo: return make_fifo(fs, what.mode);
    default: return fail(Errno::EPERM);
    }
}

Result<> RamDirectory::put(std::string_view name, Ref<Inode> inode) {
    auto names = names_.lock();
    Ref<Inode>* place = names->find(name);
    if (!place) return names->insert(name, std::move(inode));
    std::swap(*place, inode);  // the old one goes when the lock is free again
    return {};
}

Result<> RamDirectory::erase(std::string_view name) {
    Ref<Inode> gone = names_.lock()->erase(name);  // goes when the lock is free again
    return {};
}

// Down into a directory that is left nowhere but in `at`, and back up by its parent when it is empty: no recursion.
void RamDirectory::take_apart() {
    for (Ref<Directory> at = Ref<Directory>::share(this); at;) {
        Ref<Inode> entry = static_cast<RamDirectory&>(*at).names_.lock()->erase_any();
        if (entry && entry->as_directory()) {
            at = Ref<Directory>::share(entry->as_directory());
        } else if (!entry) {
            Ref<Directory> above = at.get() == this ? Ref<Directory>() : at->parent();
            at->set_place(nullptr, String());
            at = std::move(above);
        }
    }
}

}  // namespace kern
