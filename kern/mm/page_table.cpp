#include "mm/page_table.h"

namespace kern {

Pte* PageTable::find(VirtAddr address) const {
    Frame* table = root_.get();
    for (int level = 2; level > 0; level--) {
        Pte entry = entries(*table)[table_index(address, level)];
        if (!entry.is_valid()) return nullptr;
        table = &table_of(entry);
    }
    return &entries(*table)[table_index(address, 0)];
}

Result<Pte*> PageTable::reach(VirtAddr address) {
    Frame* table = root_.get();
    for (int level = 2; level > 0; level--) {
        Pte& entry = entries(*table)[table_index(address, level)];
        if (!entry.is_valid()) {
            Frame* lower = TRY(allocate_frame(FrameUse::page_table));
            entry = Pte::table(lower->address());
            table->live++;
        }
        table = &table_of(entry);
    }
    return &entries(*table)[table_index(address, 0)];
}

void PageTable::fill(Pte* slot, FrameRef frame, Perms perms) {
    DEBUG_ASSERT(slot->is_empty());
    count(*frame, 1);
    table_with(slot).live++;
    *slot = Pte::user_page(frame.release()->address(), perms);
}

FrameRef PageTable::clear(Pte* slot) {
    Frame& frame = frame_at(slot->frame());
    *slot = {};
    table_with(slot).live--;
    count(frame, -1);
    return FrameRef::adopt(&frame);
}

void PageTable::count(const Frame& frame, int pages) {
    if (frame.use == FrameUse::anon)
        resident_.anon += static_cast<size_t>(pages);
    else if (frame.use == FrameUse::file)
        resident_.file += static_cast<size_t>(pages);
}

// Nobody runs on this table any more, so nothing needs flushing. The live entries of the root are all in its user half.
void PageTable::free_tables(Frame& table, int level) {
    unsigned left = table.live;
    for (Pte* entry = entries(table); left; entry++) {
        if (entry->is_empty()) continue;
        Frame& lower = frame_at(entry->frame());
        if (level > 0)
            free_tables(lower, level - 1);
        lower.unref();
        left--;
    }
}

PageTable::~PageTable() { free_tables(*root_, 2); }

}  // namespace kern
