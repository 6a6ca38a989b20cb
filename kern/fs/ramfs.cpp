#include "fs/ramfs.h"

#include "fs/file.h"
#include "mm/frame.h"

namespace kern {

bool memory_for_files() { return free_frame_count() > total_frame_count() / 32; }

namespace {

// A file, or a symbolic link.
class RamInode final : public Inode {
public:
    RamInode(FileSystem& fs, uint32_t mode, Ref<Vmo> vmo, String text)
        : Inode(fs, mode), vmo_(std::move(vmo)), text_(std::move(text)) {}

    uint64_t size() override { return vmo_ ? vmo_->size() : text_.size(); }
    Ref<Vmo> vmo() override { return vmo_; }
    Result<String> read_link() override { return vmo_ ? fail(Errno::EINVAL) : String::copy(text_.view()); }
    Result<> resize(uint64_t size) override { return vmo_->resize(size); }
    // What is there already can be written again however little memory is left.
    Result<> allocate(uint64_t from, uint64_t to) override {
        if ((to - from) >> PAGE_SHIFT > free_frame_count()) return fail(Errno::ENOSPC);
        for (uint64_t index = from >> PAGE_SHIFT; !memory_for_files() && index << PAGE_SHIFT < to; index++)
            if (!vmo_->cached_page(index)) return fail(Errno::ENOSPC);
        return {};
    }

private:
    Ref<Vmo> vmo_;  // null: a link
    String text_;
};

// FNV-1a.
uint32_t hash_of(std::string_view name) {
    uint32_t hash = 2166136261;
    for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
    return hash;
}

// The names of a directory: found through a hash, listed by place. An entry never changes its place, so a listing goes
// on where it was although entries come and go. Places count from 1; 0 ends a chain.
//
//     buckets   [ 0 | 3 | 0 | 1 ]
//                     |       +----------------+
//     entries   [ "a" -> inode | (free) | "b" -> inode, next: 1 ]
struct Names {
    struct Entry {
        String name;
        Ref<Inode> inode;   // null: a free place
        uint32_t next = 0;  // the place of the next in this chain, or the next free one
    };

    Vec<Entry> entries;
    Vec<uint32_t> buckets;  // a power of two
    uint32_t free = 0;
    size_t size = 0, sweep = 0;  // `sweep`: where erase_any() goes on looking

    // The link of the chain that leads to this name, or that would: 0, at the chain's end.
    uint32_t& link_to(std::string_view name) {
        uint32_t* link = buckets.empty() ? &free : &buckets[hash_of(name) & (buckets.size() - 1)];
        while (*link && entries[*link - 1].name != name) link = &entries[*link - 1].next;
        return *link;
    }

    // A free place, taken from the chain of these. When there is none the buckets double, and every entry goes into its
    // new one. ENOMEM.
    Result<uint32_t> take_place() {
        if (!free && entries.size() >= buckets.size()) {
            Vec<uint32_t> more;
            TRY(more.resize(std::max<size_t>(8, buckets.size() * 2)));
            buckets = std::move(more);
            for (uint32_t place = 1; place <= entries.size(); place++) {
                entries[place - 1].next = 0;
                link_to(entries[place - 1].name.view()) = place;
            }
        }
        if (!free) {
            TRY(entries.push({}));
            free = static_cast<uint32_t>(entries.size());
        }
        return std::exchange(free, entries[free - 1].next);
    }

    // The caller drops the inode when no lock is held.
    Ref<Inode> erase(std::string_view name) {
        uint32_t& link = link_to(name);
        if (!link) return {};
        uint32_t place = std::exchange(link, entries[link - 1].next);
        size--;
        return std::exchange(entries[place - 1], {String(), nullptr, std::exchange(free, place)}).inode;
    }

    Ref<Inode> erase_any() {
        if (!size) return {};
        while (!entries[sweep % entries.size()].inode) sweep++;
        return erase(entries[sweep % entries.size()].name.view());
    }
};

class RamDirectory final : public Directory {
public:
    RamDirectory(FileSystem& fs, uint32_t permissions) : Directory(fs, mode_of(InodeType::directory, permissions)) {}

    // As Linux's tmpfs counts.
    uint64_t size() override { return 20 * (names_.lock()->size + 2); }

    Result<Ref<Inode>> lookup(std::string_view name) override {
        auto names = names_.lock();
        uint32_t place = names->link_to(name);
        return place ? Result<Ref<Inode>>(names->entries[place - 1].inode) : fail(Errno::ENOENT);
    }

    Result<> list(EntrySink& sink) override {
        auto names = names_.lock();
        for (size_t i = sink.position - FIRST_ENTRY; i < names->entries.size(); i++) {
            auto& [name, inode, next] = names->entries[i];
            if (inode && !sink.offer(name.view(), inode->number(), inode->type(), FIRST_ENTRY + i + 1)) break;
        }
        return {};
    }

    Result<Ref<Inode>> make(const NewInode& what) override {
        FileSystem& fs = file_system();
        InodeType type{what.mode & TYPE_BITS};
        if (!memory_for_files()) return fail(Errno::ENOSPC);
        if (type == InodeType::directory) return TRY(make_ref<RamDirectory>(fs, what.mode));
        if (type == InodeType::fifo) return make_fifo(fs, what.mode);
        if (type != InodeType::regular && type != InodeType::symlink) return fail(Errno::EPERM);
        Ref<Vmo> vmo = type == InodeType::regular ? TRY(Vmo::create(0)) : Ref<Vmo>();
        return TRY(make_ref<RamInode>(fs, what.mode, std::move(vmo), TRY(String::copy(what.link_target))));
    }

    Result<> put(std::string_view name, Ref<Inode> inode) override {
        String own_name = TRY(String::copy(name));
        auto names = names_.lock();
        if (uint32_t place = names->link_to(name)) {
            std::swap(names->entries[place - 1].inode, inode);  // the old one goes when the lock is free again
            return {};
        }
        uint32_t place = TRY(names->take_place());
        names->entries[place - 1] = {std::move(own_name), std::move(inode)};
        names->link_to(name) = place;
        names->size++;
        return {};
    }

    Result<> erase(std::string_view name) override {
        auto names = names_.lock();
        Ref<Inode> gone = names->erase(name);
        names.unlock();
        return {};
    }

    // Empties it and all below: a directory and its parent hold each other, so nothing would go by itself. Down into a
    // directory that is left nowhere but in `at`, and back up by its parent when it is empty: no recursion.
    void take_apart() {
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

private:
    Locked<Names> names_{LockRank::inode};
};

class Tmpfs final : public FileSystem {
public:
    Tmpfs() : FileSystem("tmpfs", 0x01021994, new_device()) {}
    void unmounted(Directory& root) override { static_cast<RamDirectory&>(root).take_apart(); }
    void unused() override { delete this; }
};

}  // namespace

Result<Ref<Directory>> make_ram_directory(FileSystem& fs, uint32_t permissions) {
    return TRY(make_ref<RamDirectory>(fs, permissions));
}

Result<Ref<Directory>> make_tmpfs() {
    auto fs = TRY(make_own<Tmpfs>());
    Ref<Directory> root = TRY(make_ram_directory(*fs, 01777));
    fs.release();
    return root;
}

}  // namespace kern
