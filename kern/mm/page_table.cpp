#include "mm/page_table.h"

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
    resident_.anon += frame.use == FrameUse::anon ? pages : 0;
    resident_.file += frame.use == FrameUse::file ? pages : 0;
}

// Nobody runs on this table any more, so nothing needs flushing.
PageTable::~PageTable() {
    auto drop = [](Frame&, int, VirtAddr, Pte& entry) { table_of(entry).unref(); };
    if (root_->live) walk(*root_, 2, 0, {VirtAddr(0), VirtAddr(USER_HALF_END)}, drop);
}
