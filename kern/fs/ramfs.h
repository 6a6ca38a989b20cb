// Files that live in memory alone: a file's content is its Vmo, a directory a table of names. All are gone at
// power-off. /dev is one of these, too, with devices put in it by hand.
#pragma once

#include "fs/directory.h"

namespace kern {

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
    struct Entry {
        String name;
        Ref<Inode> inode;   // null: a free place
        uint32_t next = 0;  // the place of the next in this chain, or the next free one
    };

    // Found by name through a hash, listed by place: an entry never changes its place, so a listing goes on where it
    // was although entries come and go. Places count from 1; 0 ends a chain.
    //
    //     buckets   [ 0 | 3 | 0 | 1 ]
    //                     |       +----------------+
    //     entries   [ "a" -> inode | (free) | "b" -> inode, next: 1 ]
    struct Names {
        uint32_t& link_to(std::string_view name);
        Result<> grow();
        Ref<Inode> erase(uint32_t& link);
        Ref<Inode> erase_any();

        Vec<Entry> entries;
        Vec<uint32_t> buckets;  // a power of two
        uint32_t free = 0;
        size_t size = 0, sweep = 0;  // `sweep`: where erase_any() goes on looking
    };

    Locked<Names> names_{LockRank::inode};
};

// The root of a new, empty file system in memory; it goes with its last file. ENOMEM.
Result<Ref<Directory>> make_tmpfs();

// A file without a disk may not take the last of the memory: programs need some to go on, if only to remove it.
bool memory_for_files();

}  // namespace kern
