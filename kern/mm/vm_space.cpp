#include "mm/vm_space.h"

Result<FrameRef> VmSpace::make_root() {
    FrameRef root = TRY(FrameRef::allocate(FrameUse::page_table));
    arch::share_kernel_half(reinterpret_cast<Pte*>(root->data()));
    return root;
}

void VmSpace::switch_to(VmSpace* next) {
    arch::Hart& hart = arch::this_hart();
    if (hart.space == next) return;
    uint64_t me = uint64_t{1} << hart.index;
    if (next) next->active_harts_.fetch_or(me);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    arch::activate(next ? next->root() : PhysAddr());
    if (hart.space) hart.space->active_harts_.fetch_and(~me);
    hart.space = next;
}

void VmSpace::flush(VirtRange range) {
    uint64_t me = uint64_t{1} << arch::this_hart().index;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64_t harts = active_harts_.load();
    if (harts & me) arch::flush_tlb(range);
    if (harts & ~me) arch::flush_tlb_remote(harts & ~me, range);
}

void FlushBatch::note(VirtAddr page) {
    VirtRange noted = VirtRange::sized(page, PAGE_SIZE);
    range_ = range_.empty() ? noted : VirtRange{std::min(range_.start, page), std::max(range_.end, noted.end)};
}

void FlushBatch::keep(FrameRef frame) {
    if (count_ == CAPACITY) flush();
    frames_[count_++] = frame.release();
}

void FlushBatch::flush() {
    if (!range_.empty()) space_.flush(range_);
    range_ = {};
    while (count_) frames_[--count_]->unref();
}
