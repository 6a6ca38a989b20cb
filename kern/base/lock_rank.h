// The order in which locks are taken, outermost first. A debug build panics when a hart takes a lock whose rank is not
// above every spinning lock it already holds: a deadlock is found on the first wrong order, not on the first collision.
#pragma once

#include <cstdint>

namespace kern {

enum class LockRank : uint32_t {
    process_tree,    // parents and children
    process,         // a process's own fields
    files,           // descriptor table
    heap,            // Heap: the program break
    vmar,            // Vmar: the set of mappings
    inode,           // directory entries, sizes
    vmo,             // Vmo: the pages of a file
    page_table,      // VmSpace
    limits,          // Vmar's resource limits
    slab,
    frames,
    random,
    // From here on: also taken by interrupt handlers, which may come while any of the above is held.
    device,
    wait_queue,
    run_queue,
    console,         // innermost, so that anything may print
};

// The ranks a hart holds, in the order it took them.
class HeldLocks {
public:
    void push(LockRank rank);
    void pop(LockRank rank);
    bool none() const { return depth_ == 0; }

private:
    LockRank ranks_[16] = {};
    uint32_t depth_ = 0;
};

}  // namespace kern
