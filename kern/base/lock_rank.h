// The order in which locks are taken, outermost first. A debug build panics when a hart takes a lock whose rank is not
// above every spinning lock it already holds: a deadlock is found on the first wrong order, not on the first collision.
#pragma once

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
    "process_tree", "process", "futex", "files", "heap", "vmar", "inode", "vmo", "page_table", "slab",
    "page_caches", "frames", "random", "device", "wait_queue", "run_queue", "console",
};
static_assert(std::size(LOCK_RANK_NAMES) == static_cast<size_t>(LockRank::console) + 1);

constexpr uint32_t rank_bit(LockRank rank) { return 1u << static_cast<uint32_t>(rank); }  // in Hart::held_locks
