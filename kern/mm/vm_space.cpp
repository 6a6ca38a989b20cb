#include "mm/vm_space.h"

namespace kern {

Result<FrameRef> VmSpace::make_root() {
    FrameRef root = TRY(FrameRef::allocate(FrameUse::page_table));
    arch::share_kernel_half(reinterpret_cast<Pte*>(root->data()));
    return root;
}

void VmSpace::activate() {
    arch::Hart& hart = arch::this_hart();
    if (hart.space == this) return;
    active_harts_.fetch_or(uint64_t{1} << hart.index);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    arch::activate(root());
    if (hart.space)
        hart.space->active_harts_.fetch_and(~(uint64_t{1} << hart.index));
    hart.space = this;
}

void VmSpace::deactivate() {
    arch::Hart& hart = arch::this_hart();
    if (!hart.space) return;
    arch::activate_kernel_only();
    hart.space->active_harts_.fetch_and(~(uint64_t{1} << hart.index));
    hart.space = nullptr;
}

void VmSpace::flush(VirtRange range) {
    uint64_t me = uint64_t{1} << arch::this_hart().index;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    uint64_t harts = active_harts_.load();
    if (harts & me)
        arch::flush_tlb(range);
    if (harts & ~me)
        arch::flush_tlb_remote(harts & ~me, range);
}

void FlushBatch::note(VirtAddr page) {
    if (range_.empty())
        range_ = VirtRange::sized(page, PAGE_SIZE);
    else if (page < range_.start)
        range_.start = page;
    else if (page >= range_.end)
        range_.end = page + PAGE_SIZE;
}

void FlushBatch::retire(VirtAddr page, FrameRef frame) {
    note(page);
    keep(std::move(frame));
}

void FlushBatch::keep(FrameRef frame) {
    if (count_ == CAPACITY)
        flush();
    frames_[count_++] = frame.release();
}

void FlushBatch::flush() {
    if (!range_.empty())
        space_.flush(range_);
    range_ = {};
    while (count_)
        frames_[--count_]->unref();
}

}  // namespace kern
