// Removing mappings: munmap(2).
//
//     before     [======= A =======][== B ==]      [=== C ===]
//     unmap            |_______________________________|
//     after      [= A =]                               [= C =]      A and C keep what lies outside, B goes whole
#include "vm/vmar.h"

Result<> Vmar::unmap(VirtRange range) {
    auto mappings = mappings_.lock();
    return unmap_locked(*mappings, range);
}

Result<> Vmar::unmap_locked(Mappings& mappings, VirtRange range) {
    // LAB vmar.unmap [begin]
    VmMapping* item = mappings.set.first_overlap(range);
    if (!item) return {};
    if (item->range.start < range.start && range.end < item->range.end)
        TRY(check_count(mappings, 1));  // a hole in the middle makes one mapping more
    TRY(split_at(mappings, range.start));
    if (auto split = split_at(mappings, range.end); !split) {
        merge_range(mappings, {range.start, range.start});
        return split;
    }
    drop_pages(range);
    item = mappings.set.first_overlap(range);
    while (item && item->range.start < range.end) {
        VmMapping* next = mappings.set.after(*item);
        remove_mapping(mappings, *item);
        item = next;
    }
    return {};
    // LAB vmar.unmap [stub]
    //   // Split what lies across the two edges, drop the pages in between, then remove the mappings.
    //   (void)mappings, (void)range;
    //   return lab_todo("vmar.unmap", "labs/1-vmar, task 5");
    // LAB vmar.unmap [end]
}

// Makes `address` a border between mappings, if one lies across it. ENOMEM leaves it as it was.
Result<> Vmar::split_at(Mappings& mappings, VirtAddr address) {
    // LAB vmar.split [begin]
    VmMapping* item = mappings.set.find(address);
    if (!item || item->range.start == address) return {};
    VirtRange lower{item->range.start, address};
    VirtRange upper{address, item->range.end};
    auto upper_part = TRY(item->copy_of(upper));
    resize_mapping(mappings, *item, lower);
    add_mapping(mappings, std::move(upper_part));
    return {};
    // LAB vmar.split [stub]
    //   // The lower part keeps the mapping, the upper one becomes a mapping of its own.
    //   (void)mappings, (void)address;
    //   return lab_todo("vmar.split", "labs/1-vmar, task 4");
    // LAB vmar.split [end]
}

// Takes the pages of `range` out of the page table. Their frames go when no hart can reach them any more.
void Vmar::drop_pages(VirtRange range) {
    // LAB vmar.drop-pages [begin]
    FlushBatch batch(space_);
    auto table = space_.lock();
    table->for_each(range, [&](VirtAddr page, Pte& slot) { batch.retire(page, table->clear(&slot)); });
    table->prune(range, [&](FrameRef empty) { batch.retire_table(std::move(empty)); });
    // LAB vmar.drop-pages [stub]
    //   // Clear each page's slot and retire() its frame in a FlushBatch; then prune() tables that became empty.
    //   (void)range;
    //   (void)lab_todo("vmar.drop-pages", "labs/1-vmar, task 5");
    // LAB vmar.drop-pages [end]
}
