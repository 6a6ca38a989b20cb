// The entries of a directory in memory: found by name through a hash, listed in the order they were made. Each has a
// position that never changes, so a listing goes on where it was although entries come and go.
#pragma once

#include "base/list.h"
#include "fs/directory.h"

namespace kern {

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

}  // namespace kern
