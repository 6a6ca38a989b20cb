#include "fs/mount.h"

#include "fs/file.h"

// A file without a disk may not take the last of the memory: programs need some to go on, if only to remove it.
static bool memory_for_files() { return free_frame_count() > total_frame_count() / 32; }

// A file, or a symbolic link.
struct RamInode final : Inode {
    RamInode(FileSystem& fs, uint32_t mode, Ref<Vmo> vmo, String text)
        : Inode(fs, mode), vmo_(std::move(vmo)), text_(std::move(text)) {}

    uint64_t size() override { return vmo_ ? vmo_->size() : text_.size(); }
    Ref<Vmo> vmo() override { return vmo_; }
    Result<String> read_link() override { return vmo_ ? fail(Errno::EINVAL) : String::copy(text_.view()); }
    Result<> resize(uint64_t size) override { return vmo_->resize(size); }
    // What is there already can be written again however little memory is left.
    Result<uint64_t> allocate(uint64_t from, uint64_t to) override {
        if ((to - from) >> PAGE_SHIFT > free_frame_count()) return fail(Errno::ENOSPC);
        for (uint64_t index = from >> PAGE_SHIFT; !memory_for_files() && index << PAGE_SHIFT < to; index++)
            if (!vmo_->cached_page(index)) return fail(Errno::ENOSPC);
        return to;
    }

    Ref<Vmo> vmo_;  // null: a link
    String text_;
};

// What a directory holds, in rows by a hash of the name. An entry's place never changes, so a listing goes on where it
// was although others come and go.
//
//     rows   [ 0 ] --> "b", place 0'0003 --> "init", place 0'0007
//            [ 1 ]
//            [ 2 ] --> "a", place 2'0002
struct Names {
    struct Entry : ListNode<Entry> {
        String name;
        Ref<Inode> inode;
        uint64_t place = 0;
    };
    static constexpr size_t ROWS = 64;
    static constexpr unsigned PLACE_BITS = 48;

    List<Entry, Entry> rows[ROWS];
    size_t size = 0;
    uint64_t next_place = Directory::FIRST_ENTRY;

    static size_t row_of(std::string_view name) {  // FNV-1a
        uint32_t hash = 2166136261;
        for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
        return hash % ROWS;
    }
    Entry* find(std::string_view name) {
        for (Entry& entry : rows[row_of(name)])
            if (entry.name == name) return &entry;
        return nullptr;
    }
    void add(Own<Entry> entry) {
        size_t row = row_of(entry->name.view());
        entry->place = uint64_t{row} << PLACE_BITS | next_place++;
        rows[row].push_back(*entry.release());
        size++;
    }
    // The caller drops it when no lock is held.
    Own<Entry> take(Entry* entry) {
        if (!entry) return Own<Entry>();
        entry->unlink();
        size--;
        return Own<Entry>(entry);
    }
    Own<Entry> take_any() {
        auto* row = std::ranges::find_if(rows, [](auto& entries) { return !entries.empty(); });
        return row == std::end(rows) ? Own<Entry>() : take(row->front());
    }
};

struct RamDirectory final : Directory {
    RamDirectory(FileSystem& fs, uint32_t permissions, uint32_t links)
        : Directory(fs, mode_of(InodeType::directory, permissions), links) {}

    // As Linux's tmpfs counts.
    uint64_t size() override { return 20 * (names_.lock()->size + 2); }

    Result<Ref<Inode>> lookup(std::string_view name) override {
        auto names = names_.lock();
        Names::Entry* entry = names->find(name);
        return entry ? entry->inode : nullptr;
    }

    Result<> list(EntrySink& sink) override {
        auto names = names_.lock();
        for (size_t row = sink.position >> Names::PLACE_BITS; row < Names::ROWS; row++)
            for (auto& entry : names->rows[row]) {
                if (entry.place < sink.position) continue;
                Inode& inode = *entry.inode;
                if (!sink.offer(entry.name.view(), inode.number(), inode.type(), entry.place + 1)) return {};
            }
        return {};
    }

    Result<Ref<Inode>> make(const NewInode& what) override {
        FileSystem& fs = file_system();
        InodeType type{what.mode & TYPE_BITS};
        if (!memory_for_files()) return fail(Errno::ENOSPC);
        if (type == InodeType::directory) return TRY(make_ref<RamDirectory>(fs, what.mode, 0));
        if (type != InodeType::regular && type != InodeType::symlink) return fail(Errno::EPERM);
        Ref<Vmo> vmo = type == InodeType::regular ? TRY(Vmo::create(0)) : Ref<Vmo>();
        return TRY(make_ref<RamInode>(fs, what.mode, std::move(vmo), TRY(String::copy(what.link_target))));
    }

    Result<> put(std::string_view name, Ref<Inode> inode) override {
        auto entry = TRY(make_own<Names::Entry>());
        entry->name = TRY(String::copy(name));
        entry->inode = inode;
        gained(*inode);
        auto names = names_.lock();
        if (Names::Entry* old = names->find(name)) std::swap(old->inode, entry->inode);
        else names->add(std::move(entry));
        names.unlock();
        if (entry) lost(*entry->inode);
        return {};
    }

    Result<> erase(std::string_view name) override {
        auto names = names_.lock();
        Own<Names::Entry> gone = names->take(names->find(name));
        names.unlock();
        if (gone) lost(*gone->inode);
        return {};
    }

    // Empties it and all below: a directory and its parent hold each other, so nothing would go by itself. Down into a
    // directory that is left nowhere but in `at`, and back up by its parent when it is empty: no recursion.
    void take_apart() {
        for (Ref<Directory> at = Ref<Directory>::share(this); at;) {
            Own<Names::Entry> entry = static_cast<RamDirectory&>(*at).names_.lock()->take_any();
            if (entry && entry->inode->as_directory()) {
                at = Ref<Directory>::share(entry->inode->as_directory());
            } else if (!entry) {
                Ref<Directory> above = at.get() == this ? Ref<Directory>() : at->parent();
                at->set_place(nullptr, String());
                at = std::move(above);
            }
        }
    }

    Locked<Names> names_{LockRank::inode};
};

static constinit Atomic<uint64_t> last_device{20};  // st_dev; each gets another

struct Tmpfs final : FileSystem {
    Tmpfs() : FileSystem("tmpfs", 0x01021994, last_device.fetch_add(1) + 1) {}
    void unmounted(Directory& root) override { static_cast<RamDirectory&>(root).take_apart(); }
};

Result<Ref<Directory>> make_ram_directory(FileSystem& fs, uint32_t permissions) {
    return TRY(make_ref<RamDirectory>(fs, permissions, 2));
}

Result<Ref<Directory>> make_tmpfs() { return make_ram_directory(*TRY(make_ref<Tmpfs>()), 01777); }
