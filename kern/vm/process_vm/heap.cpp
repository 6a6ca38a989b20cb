#include "vm/process_vm/heap.h"

#include "vm/vmar.h"

void Heap::set_start(VirtAddr start, uint64_t data_segment_size) { *state_.lock() = {data_segment_size, {start, start}}; }

VirtAddr Heap::brk(Vmar& vmar, VirtAddr wanted) {
    auto state = state_.lock();
    if (move_break(vmar, *state, wanted)) state->range.end = wanted;
    return state->range.end;
}

// Makes the mapped pages fit the wanted break. EINVAL below the start, ENOMEM for a limit or a collision.
Result<> Heap::move_break(Vmar& vmar, State& state, VirtAddr wanted) {
    VirtRange heap = state.range;
    if (wanted < heap.start) return fail(Errno::EINVAL);
    uint64_t size = wanted - heap.start;
    if (wanted > VMAR_CAP_ADDR || size > USER_HEAP_SIZE_LIMIT) return fail(Errno::ENOMEM);
    uint64_t data_limit = vmar.limits().data;
    if (size > data_limit || state.data_segment_size > data_limit - size) return fail(Errno::ENOMEM);

    VirtAddr old_end = heap.end.page_up();
    VirtAddr new_end = wanted.page_up();
    if (new_end > old_end) return grow(vmar, {old_end, new_end});
    if (new_end == old_end) return {};
    VirtRange released{new_end, old_end};
    return vmar.mapped_bytes(released) ? shrink(vmar, released) : fail(Errno::EINVAL);  // nothing to release: as Linux
}

// Maps the pages of `added` new, readable and writable whatever mprotect did to the heap before. ENOMEM when something
// is mapped there or in the page behind, or the stack is closer than its guard gap.
Result<> Heap::grow(Vmar& vmar, VirtRange added) {
    // LAB heap.grow [begin]
    if (!vmar.has_room({added.end, added.end + PAGE_SIZE})) return fail(Errno::ENOMEM);
    MapRequest request{.size = added.size(), .perms = Perms::rw(), .placement = Placement::fixed_no_replace,
                       .at = added.start};
    TRY(vmar.map(request));
    return {};
    // LAB heap.grow [stub]
    //   // Map the new pages: anonymous, read-write, at exactly this place, and never over something else.
    //   (void)vmar, (void)added;
    //   return lab_todo("heap.grow", "labs/3-heap, task 1");
    // LAB heap.grow [end]
}

// Unmaps the pages of `released`, whatever the program put there meanwhile, holes included.
Result<> Heap::shrink(Vmar& vmar, VirtRange released) {
    // LAB heap.shrink [begin]
    return vmar.unmap(released);
    // LAB heap.shrink [stub]
    //   // Give the pages back, so that they read as zero when the heap grows over them again.
    //   (void)vmar, (void)released;
    //   return lab_todo("heap.shrink", "labs/3-heap, task 2");
    // LAB heap.shrink [end]
}
