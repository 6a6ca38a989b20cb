// Files that live in memory alone. A file's content is its Vmo, a directory is a NameTable; both are gone at power-off.
// /dev is one of these, too, with devices put in it by hand.
#pragma once

#include "base/list.h"
#include "fs/directory.h"

namespace kern {

// The entries of a directory in memory: found by name through a hash, listed in the order they were made. Each has a
// position that never changes, so a listing goes on where it was although entries come and go.
class NameTable {
public:
    struct Entry : ListNode<Entry> {
        String name;
        Ref<Inode> inode;
        uint64_t position = 0;
        uint32_t hash = 0;
        Entry* next_in_bucket = nullptr;
    };

    NameTable() = default;
    ~NameTable();
    NameTable(const NameTable&) = delete;
    NameTable& operator=(const NameTable&) = delete;

    size_t size() const { return size_; }
    // Null when there is none.
    Entry* find(std::string_view name);
    // A name that is not in the table yet. ENOMEM leaves it as it was.
    Result<> insert(std::string_view name, Ref<Inode> inode);
    // Takes an entry out; the caller drops it, when no lock is held.
    Own<Entry> remove(Entry& entry);
    // Offers entries from the sink's position on until it is full.
    void list(EntrySink& sink);

private:
    Entry*& bucket(uint32_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
    Result<> grow();

    Vec<Entry*> buckets_;  // a power of two
    List<Entry, Entry> in_order_;
    size_t size_ = 0;
    uint64_t next_position_ = Directory::FIRST_ENTRY;
};

class RamDirectory final : public Directory {
public:
    // `mode`: the permissions.
    RamDirectory(FileSystem& fs, uint32_t mode);

    uint64_t size() override;
    Result<Ref<Inode>> lookup(std::string_view name) override;
    Result<> list(EntrySink& sink) override;
    Result<Ref<Inode>> create(std::string_view name, const NewInode& what) override;
    Result<> add(std::string_view name, Inode& inode) override;
    Result<> remove(std::string_view name, Inode& inode) override;
    Result<> move(std::string_view name, Inode& inode, Directory& to, std::string_view new_name, Inode* replaced) override;
    bool is_empty() override { return names_.lock()->size() == 0; }

    // An entry for an inode of any kind. Before anyone else sees the directory. ENOMEM.
    Result<> put(std::string_view name, Ref<Inode> inode) { return names_.lock()->insert(name, std::move(inode)); }

private:
    Result<> set_entry(std::string_view name, Inode& inode);
    void drop_entry(std::string_view name);

    Locked<NameTable> names_{LockRank::inode};
};

// The root of a new, empty file system in memory; it goes with its last file. ENOMEM.
Result<Ref<Directory>> make_tmpfs();

}  // namespace kern
