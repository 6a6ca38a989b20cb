// Files that live in memory alone. A file's content is its Vmo, a directory is a NameTable; both are gone at power-off.
// /dev is one of these, too, with devices put in it by hand.
#pragma once

#include "fs/directory.h"

namespace kern {

// The entries of a directory in memory: found by name through a hash, listed by their index. An entry never moves to another
// index, so a listing goes on where it was although entries come and go.
//
//     buckets_   [ 0 | 3 | 0 | 1 ]           index + 1 of the first entry in a chain
//                      |       +----------------+
//     entries_   [ "a" -> inode | (free) | "b" -> inode, next 1 ]
class NameTable {
public:
    size_t size() const { return size_; }
    // Where the inode of this name is; null when the name is not there.
    Ref<Inode>* find(std::string_view name);
    // A name that is not in the table yet. ENOMEM leaves it as it was.
    Result<> insert(std::string_view name, Ref<Inode> inode);
    // Takes an entry out, if it is there; the caller drops the inode when no lock is held.
    Ref<Inode> erase(std::string_view name);
    // Takes out any one; null when there is none.
    Ref<Inode> erase_any();
    // Offers entries from the sink's position on until it is full.
    void list(EntrySink& sink);

private:
    struct Entry {
        String name;
        Ref<Inode> inode;   // null: a free place
        uint32_t next = 0;  // index + 1 of the next in this chain, or free place
    };

    uint32_t& link_to(std::string_view name);
    Result<> grow();

    Vec<Entry> entries_;
    Vec<uint32_t> buckets_;  // a power of two
    uint32_t free_ = 0;      // index + 1 of the first free place
    size_t size_ = 0;
    size_t sweep_ = 0;       // where erase_any() goes on looking
};

class RamDirectory final : public Directory {
public:
    // `mode`: the permissions.
    RamDirectory(FileSystem& fs, uint32_t mode);

    uint64_t size() override;
    Result<Ref<Inode>> lookup(std::string_view name) override;
    Result<> list(EntrySink& sink) override;
    Result<Ref<Inode>> make(const NewInode& what) override;
    Result<> put(std::string_view name, Ref<Inode> inode) override;
    Result<> erase(std::string_view name) override;
    // Empties it and all below: a directory and its parent hold each other, so nothing would go by itself.
    void take_apart();

private:
    Locked<NameTable> names_{LockRank::inode};
};

// The root of a new, empty file system in memory; it goes with its last file. ENOMEM.
Result<Ref<Directory>> make_tmpfs();

// A file without a disk may not take the last of the memory: programs need some to go on, if only to remove it.
bool memory_for_files();

}  // namespace kern
