// A process's page table: the user half of an Sv39 tree. The one walker of the kernel is here; map, unmap, protect,
// fork and query all reuse it. Leaves are 4 KiB pages.
//
// An entry that is not empty holds one reference to its frame. An entry may keep a frame without being valid: a page
// under mprotect(PROT_NONE). Resident pages are counted here, entry by entry, so the counters cannot drift.
#pragma once

#include <cstddef>

#include "arch/contract.h"
#include "base/panic.h"
#include "mm/frame.h"

namespace kern {

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
    void free_tables(Frame& table, int level);

    FrameRef root_;
    ResidentPages resident_;
};

// The first address after `at` where the entry of `level` that covers `at` ends, but not after `end`.
constexpr VirtAddr entry_end(VirtAddr at, int level, VirtAddr end) {
    VirtAddr next(align_down(at.value, entry_span(level)) + entry_span(level));
    return next < end ? next : end;
}

template <typename Visitor>
void PageTable::for_each(VirtRange range, Visitor visit) const {
    VirtAddr at = range.start;
    while (at < range.end) {
        Pte middle = entries(*root_)[table_index(at, 2)];
        if (!middle.is_valid()) {
            at = entry_end(at, 2, range.end);
            continue;
        }
        Pte leaves = entries(table_of(middle))[table_index(at, 1)];
        VirtAddr stop = entry_end(at, 1, range.end);
        if (!leaves.is_valid()) {
            at = stop;
            continue;
        }
        for (Pte* slot = &entries(table_of(leaves))[table_index(at, 0)]; at < stop; at += PAGE_SIZE, slot++)
            if (!slot->is_empty())
                visit(at, *slot);
    }
}

template <typename Retire>
void PageTable::prune(VirtRange range, Retire retire) {
    for (VirtAddr at = range.start; at < range.end; at = entry_end(at, 1, range.end)) {
        Pte& middle = entries(*root_)[table_index(at, 2)];
        if (!middle.is_valid()) {
            at = entry_end(at, 2, range.end) - 1;
            continue;
        }
        Frame& middle_table = table_of(middle);
        Pte& leaves = entries(middle_table)[table_index(at, 1)];
        if (leaves.is_valid() && table_of(leaves).live == 0) {
            retire(FrameRef::adopt(&table_of(leaves)));
            leaves = {};
            middle_table.live--;
        }
        if (middle_table.live == 0) {
            retire(FrameRef::adopt(&middle_table));
            middle = {};
            root_->live--;
        }
    }
}

}  // namespace kern
