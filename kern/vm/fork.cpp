// Copying an address space: fork(2). Mappings are copied, pages are not: both spaces keep the frame, neither may write
// it, and the first write copies (fault.cpp). What can be had again by a fault - file pages, zero pages, shared memory -
// is left out of the child's table.
//
//         parent   [ rw ]----+                 parent   [ r- ]----+
//                            v      fork                          v
//                          frame   ----->                       frame  refs 2
//                                                                 ^
//                                              child    [ r- ]----+
#include "vm/vmar.h"

Result<Ref<Vmar>> Vmar::fork() {
    FrameRef root = TRY(VmSpace::make_root());
    auto heap = process_vm_.heap().lock();  // no brk comes between the copy of the break and of the mappings
    auto mappings = mappings_.lock();
    auto child = TRY(make_ref<Vmar>(process_vm_, *heap, mappings->limits, std::move(root)));
    TRY(copy_mappings(*mappings, *child));

    {
        FlushBatch batch(space_);
        auto table = space_.lock();
        for (VmMapping* item = mappings->set.first(); item; item = mappings->set.after(*item))
            if (item->is_private() && !(item->marks & (mark::DONT_FORK | mark::WIPE_ON_FORK)))
                TRY(share_pages(*item, *table, child->space_.unshared_table(), batch));
    }
    for (VmMapping* item = child->mappings_.unlocked().set.first(); item; item = mappings->set.after(*item)) {
        item->space = &child->space_;
        if (item->vmo) item->vmo->add(*item);
    }
    return child;
}

// ENOMEM leaves the child without mappings.
Result<> Vmar::copy_mappings(const Mappings& mappings, Vmar& child) {
    Mappings& theirs = child.mappings_.unlocked();
    for (VmMapping* item = mappings.set.first(); item; item = mappings.set.after(*item)) {
        auto copy = item->copy_of(item->range);
        if (!copy) {
            while ((item = mappings.set.before(*item))) delete static_cast<VmMapping*>(item->twin);
            return fail(Errno::ENOMEM);
        }
        (*copy)->marks &= ~mark::LOCKED;
        (*copy)->space = nullptr;
        item->twin = copy->release();
    }
    theirs.set.copy_shape(mappings.set);
    theirs.total_bytes = mappings.total_bytes;
    theirs.data_bytes = mappings.data_bytes;
    for (VmMapping *item = theirs.set.first(), *next; item; item = next) {
        next = theirs.set.after(*item);
        if (item->marks & mark::DONT_FORK) remove_mapping(theirs, *item);
    }
    return {};
}

// ENOMEM when the child's table cannot grow; pages shared so far go with the child.
Result<> Vmar::share_pages(const VmMapping& mapping, PageTable& ours, PageTable& theirs, FlushBatch& batch) {
    Result<> result;
    Pte* child_slot = nullptr;  // follows the parent's slot by the same step, within one leaf table
    VirtAddr previous;
    ours.for_each(mapping.range, [&](VirtAddr page, Pte& slot) {
        Frame& frame = frame_at(slot.frame());
        if (frame.use != FrameUse::anon || !result) return;
        bool same_table = child_slot && align_down(page.value, entry_span(1)) == align_down(previous.value, entry_span(1));
        if (same_table) child_slot += (page - previous) / PAGE_SIZE;
        else if (auto reached = theirs.reach(page)) child_slot = *reached;
        else result = fail(reached.error());
        if (!result) return;
        previous = page;
        if (slot.has(Pte::W)) {
            slot = slot.without(Pte::W);
            batch.note(page);
        }
        theirs.fill(child_slot, FrameRef::share(frame), mapping.perms.write_protected());
    });
    return result;
}
