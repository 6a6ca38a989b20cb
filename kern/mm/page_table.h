// A process's page table: the user half of an Sv39 tree. The one walker of the kernel is here; map, unmap, protect,
// fork and query all reuse it. Leaves are 4 KiB pages.
//
// An entry that is not empty holds one reference to its frame. An entry may keep a frame without being valid: a page
// under mprotect(PROT_NONE). Resident pages are counted here, entry by entry, so the counters cannot drift.
#pragma once

#include "mm/frame.h"

// Resident pages by kind: what VmRSS in /proc/<pid>/status is made of. The zero page does not count.
struct ResidentPages {
    size_t anon = 0;
    size_t file = 0;
    size_t total() const { return anon + file; }
};

class PageTable {
public:
    // `root` is a frame of FrameUse::page_table; its user half is empty.
    explicit PageTable(FrameRef root) : root_(std::move(root)) {}
    ~PageTable();
    PageTable(const PageTable&) = delete;
    PageTable& operator=(const PageTable&) = delete;

    PhysAddr root() const { return root_->address(); }

    // WALKING

    // The leaf slot of `address`; null when a table on the way is missing. The slot may be empty.
    Pte* find(VirtAddr address) const;
    // The same, making the missing tables. ENOMEM.
    Result<Pte*> reach(VirtAddr address);
    // Calls visit(VirtAddr page, Pte& slot) for each slot in `range` that is not empty, ascending; absent tables are
    // stepped over whole. The visitor may change the slot through set() and clear(), but not free tables.
    template <typename Visitor>
    void for_each(VirtRange range, Visitor visit) const;

    // CHANGING A SLOT that find, reach or for_each gave. Counts pages; TLBs are the caller's business.

    // Fills an empty slot; the slot takes over the reference.
    void fill(Pte* slot, FrameRef frame, Perms perms);
    // Changes what a filled slot allows.
    void set_perms(Pte* slot, Perms perms) { *slot = Pte::user_page(slot->frame(), perms); }
    // Empties a filled slot and hands its reference over.
    FrameRef clear(Pte* slot);

    // Detaches tables that cover nothing but empty slots, as far as they lie in reach of `range`, and passes each to
    // retire(FrameRef): hardware may still look at them until the TLBs are flushed.
    template <typename Retire>
    void prune(VirtRange range, Retire retire);

    const ResidentPages& resident() const { return resident_; }

private:
    static Pte* entries(const Frame& table) { return reinterpret_cast<Pte*>(table.data()); }
    static Frame& table_of(Pte entry) { return frame_at(entry.frame()); }
    static Frame& table_with(const Pte* slot) { return frame_at(arch::virt_to_phys(slot)); }
    void count(const Frame& frame, int pages);
    template <typename Visitor>
    static void walk(Frame& table, int level, int bottom, VirtRange range, Visitor& visit);

    FrameRef root_;
    ResidentPages resident_;
};

// Where the entry of `level` that covers `at` ends, but not after `end`.
constexpr VirtAddr entry_end(VirtAddr at, int level, VirtAddr end) {
    return std::min(VirtAddr(align_down(at.value, entry_span(level)) + entry_span(level)), end);
}

// The one loop over entries: visits those below `table` that are not empty, down to level `bottom`, a table's own entry
// after what is in it.
template <typename Visitor>
void PageTable::walk(Frame& table, int level, int bottom, VirtRange range, Visitor& visit) {
    Pte* entry = &entries(table)[table_index(range.start, level)];
    for (VirtAddr at = range.start, next; at < range.end; at = next, entry++) {
        next = level ? entry_end(at, level, range.end) : at + PAGE_SIZE;
        if (entry->is_empty()) continue;
        if (level > bottom) walk(table_of(*entry), level - 1, bottom, {at, next}, visit);
        visit(table, level, at, *entry);
    }
}

template <typename Visitor>
void PageTable::for_each(VirtRange range, Visitor visit) const {
    auto visit_leaf = [&](Frame&, int level, VirtAddr page, Pte& slot) {
        if (level == 0) visit(page, slot);
    };
    walk(*root_, 2, 0, range, visit_leaf);
}

template <typename Retire>
void PageTable::prune(VirtRange range, Retire retire) {
    auto detach_if_empty = [&](Frame& table, int, VirtAddr, Pte& entry) {
        if (table_of(entry).live) return;
        retire(FrameRef::adopt(&table_of(entry)));
        entry = {};
        table.live--;
    };
    walk(*root_, 2, 1, range, detach_if_empty);
}
