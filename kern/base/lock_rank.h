// The order in which locks are taken, outermost first. A debug build panics when a hart takes a lock whose rank is not
// above every spinning lock it already holds: a deadlock is found on the first wrong order, not on the first collision.
#pragma once

namespace kern {

enum class LockRank : uint32_t {
    process_tree,    // parents and children
    process,         // a process's own fields
    futex,           // who waits for a word of user memory
    files,           // descriptor table
    heap,            // Heap: the program break
    vmar,            // Vmar: the set of mappings
    inode,           // directory entries, sizes
    vmo,             // Vmo: the pages of a file
    page_table,      // VmSpace
    limits,          // Vmar's resource limits
    slab,
    page_caches,     // the list of Vmos that can be read again
    frames,
    random,
    // From here on: also taken by interrupt handlers, which may come while any of the above is held.
    device,
    wait_queue,
    run_queue,
    console,         // innermost, so that anything may print
};

inline constexpr std::string_view LOCK_RANK_NAMES[] = {
    "process_tree", "process", "futex", "files", "heap", "vmar", "inode", "vmo", "page_table", "limits", "slab",
    "page_caches", "frames", "random", "device", "wait_queue", "run_queue", "console",
};
static_assert(std::size(LOCK_RANK_NAMES) == static_cast<size_t>(LockRank::console) + 1);

// The ranks a hart holds, one bit each.
class HeldLocks {
public:
    void push(LockRank rank) {
        if (held_ >> static_cast<uint32_t>(rank)) [[unlikely]]
            report_wrong_order(rank);
        held_ |= bit(rank);
    }
    void push_any(LockRank rank) { held_ |= bit(rank); }
    void pop(LockRank rank) { held_ &= ~bit(rank); }
    bool none() const { return held_ == 0; }
    bool only(LockRank rank) const { return held_ == bit(rank); }

private:
    static constexpr uint32_t bit(LockRank rank) { return 1u << static_cast<uint32_t>(rank); }
    void report_wrong_order(LockRank rank) const;

    uint32_t held_ = 0;
};

}  // namespace kern
