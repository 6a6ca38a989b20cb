// A page table that harts run on: its lock, the set of harts that may have cached its translations, and the flushing of
// those caches when a translation goes away.
//
// Until every hart has flushed, a hart may still read or write a frame through its old translation. So a frame that is
// taken out of the table is kept in a FlushBatch, and its reference dropped only after the flush:
//
//     clear entry -> (other hart may still write the frame) -> flush all -> unref -> frame may be used anew
#pragma once

#include "mm/page_table.h"

class VmSpace {
public:
    // `root` has the kernel's half filled in: see make_root.
    explicit VmSpace(FrameRef root) : table_(LockRank::page_table, std::move(root)) {}

    // A root table whose upper half is the kernel's. ENOMEM.
    static Result<FrameRef> make_root();

    // Makes this hart translate user addresses by `next`; null: by none, only the kernel's table counts. Interrupts are off.
    static void switch_to(VmSpace* next);

    Locked<PageTable>::Guard lock() { return table_.lock(); }
    // For a space nobody else can see yet: fork fills its child's table while it holds its own table's lock.
    PageTable& unshared_table() { return table_.unlocked(); }
    PhysAddr root() { return table_.unlocked().root(); }  // never changes

    // Every hart that runs this space forgets its translations of `range`.
    void flush(VirtRange range);

private:
    Locked<PageTable> table_;
    Atomic<uint64_t> active_harts_;  // a bit per Hart::index
};

// Why no hart is missed that begins to run the space during a flush: each of the two writes before it reads.
//
//     flush: change entries | read active_harts_      activate: set own bit in active_harts_ | walk the entries
//
// Either the flush sees the bit, or the walk finds the changed entries. A hart that goes on to another table takes its bit
// back when it can no longer walk this one.

// Collects what must outlive the flush of a range. Flushes when full and at its end, then drops the references. Made
// before the page table's guard or after: it takes no lock.
class FlushBatch {
public:
    explicit FlushBatch(VmSpace& space) : space_(space) {}
    ~FlushBatch() { flush(); }
    FlushBatch(const FlushBatch&) = delete;

    // The translation of `page` was removed or lost a right.
    void note(VirtAddr page);
    // The same, and its frame goes when nobody can reach it any more.
    void retire(VirtAddr page, FrameRef frame) {
        note(page);
        keep(std::move(frame));
    }
    // A table that covered pages noted before.
    void retire_table(FrameRef table) { keep(std::move(table)); }

private:
    static constexpr size_t CAPACITY = 64;
    void keep(FrameRef frame);
    void flush();

    VmSpace& space_;
    VirtRange range_{};
    size_t count_ = 0;
    Frame* frames_[CAPACITY];
};
