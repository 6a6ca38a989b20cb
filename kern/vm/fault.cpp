// Answering a page fault.
//
//     mapping            page in the table      access     what happens
//     anonymous          no                     read       the shared zero page, not writable
//     anonymous          no                     write      a zeroed frame
//     file, private      no                     read       the file's frame, not writable
//     file, private      no                     write      a copy of it
//     file, shared       no                     either     the file's frame, writable only for a write (which marks it dirty)
//     private            yes, not writable      write      sole owner: made writable; else a copy (copy-on-write)
//     shared             yes, not writable      write      made writable, marked dirty
#include "vm/vmar.h"

// Write implies read on RISC-V: the page-table encoding for write without read is reserved.
static bool allows(Perms perms, Perms access) {
    if (access.has(Perms::R) && !perms.has(Perms::R) && !perms.has(Perms::W)) return false;
    return perms.contains(access.without(Perms::R));
}

static FaultOutcome outcome_of(Errno error) {
    return error == Errno::ENOMEM ? FaultOutcome::out_of_memory : FaultOutcome::past_end;
}

FaultOutcome Vmar::handle_fault(VirtAddr address, Perms access) {
    // LAB vmar.fault [begin]
    for (;;) {
        Ref<Vmo> to_read;
        uint64_t page_to_read = 0;
        {
            auto mappings = mappings_.read();
            VmMapping* mapping = mappings->set.find(address);
            if (mapping) {
                if (!allows(mapping->perms, access)) return FaultOutcome::no_access;
                bool page_missing = false;
                FaultOutcome outcome = fault_in(*mapping, address.page_down(), access, page_missing);
                if (!page_missing) return outcome;
                to_read = mapping->vmo;
                page_to_read = mapping->vmo_page(address.page_down());
            }
        }
        // With no lock held: the mapping may change meanwhile, so we look it up again afterwards.
        if (!to_read && !grow_stack(address)) return FaultOutcome::not_mapped;
        if (to_read)
            if (auto page = to_read->page(page_to_read); !page) return outcome_of(page.error());
    }
    // LAB vmar.fault [stub]
    //   // Find the mapping, check the access, let fault_in() do the rest; grow_stack() and file pages need no lock held.
    //   (void)address, (void)access, (void)allows, (void)outcome_of;
    //   (void)lab_todo("vmar.fault", "labs/1-vmar, task 8");
    //   return FaultOutcome::not_mapped;
    // LAB vmar.fault [end]
}

// Puts the page into the table. `page_missing` comes back true when it must be read from its file first.
FaultOutcome Vmar::fault_in(const VmMapping& mapping, VirtAddr page, Perms access, bool& page_missing) {
    if (mapping.is_anonymous()) return fault_anonymous(mapping, page, access);
    auto pages = mapping.vmo->lock_pages();  // until the table shows the page, it stays the file's
    PageTree::Entry* cached = pages->tree.find(mapping.vmo_page(page));
    page_missing = !cached;
    if (page_missing) return FaultOutcome::resolved;
    FaultOutcome outcome = fault_file(mapping, page, access, *cached->frame);
    if (outcome != FaultOutcome::resolved) return outcome;
    if (!access.has(Perms::W)) map_around(mapping, page, pages->tree);
    else if (!mapping.is_private()) mapping.vmo->set_dirty(*cached);
    return outcome;
}

FaultOutcome Vmar::fault_anonymous(const VmMapping& mapping, VirtAddr page, Perms access) {
    // LAB vmar.fault-anonymous [begin]
    auto table = space_.lock();
    auto slot = table->reach(page);
    if (!slot) return FaultOutcome::out_of_memory;
    if (!(*slot)->is_empty()) return fault_present(mapping, page, access, *table, *slot);
    if (!access.has(Perms::W)) {
        table->fill(*slot, FrameRef::share(zero_frame()), mapping.perms.write_protected());
        return FaultOutcome::resolved;
    }
    auto frame = FrameRef::allocate(FrameUse::anon);
    if (!frame) return FaultOutcome::out_of_memory;
    table->fill(*slot, *std::move(frame), mapping.perms);
    return FaultOutcome::resolved;
    // LAB vmar.fault-anonymous [stub]
    //   // The first four lines of the table above, as far as they are about anonymous memory.
    //   (void)mapping, (void)page, (void)access;
    //   (void)lab_todo("vmar.fault-anonymous", "labs/1-vmar, task 9");
    //   return FaultOutcome::out_of_memory;
    // LAB vmar.fault-anonymous [end]
}

FaultOutcome Vmar::fault_file(const VmMapping& mapping, VirtAddr page, Perms access, Frame& cached) {
    auto table = space_.lock();
    auto slot = table->reach(page);
    if (!slot) return FaultOutcome::out_of_memory;
    if (!(*slot)->is_empty()) return fault_present(mapping, page, access, *table, *slot);
    bool writes = access.has(Perms::W);
    table->fill(*slot, FrameRef::share(cached), writes && !mapping.is_private() ? mapping.perms : mapping.perms.write_protected());
    if (writes && mapping.is_private()) return copy_on_write(page, mapping.perms, *table, *slot);
    return FaultOutcome::resolved;
}

// The page is in the table, but not as wanted.
FaultOutcome Vmar::fault_present(const VmMapping& mapping, VirtAddr page, Perms access, PageTable& table, Pte* slot) {
    // LAB vmar.fault-present [begin]
    FlushBatch batch(space_);
    batch.note(page);
    if (slot->permits(access))  // another hart was faster; this one only has to forget the old entry
        return FaultOutcome::resolved;
    if (!access.has(Perms::W)) {
        table.set_perms(slot, slot->has(Pte::W) ? mapping.perms : mapping.perms.write_protected());
        return FaultOutcome::resolved;
    }
    Frame& frame = frame_at(slot->frame());
    bool ours_alone = frame.use == FrameUse::anon && !frame.is_shared();
    if (mapping.is_private() && !ours_alone) return copy_on_write(page, mapping.perms, table, slot);
    table.set_perms(slot, mapping.perms);
    return FaultOutcome::resolved;
    // LAB vmar.fault-present [stub]
    //   // A write to a page that others may share: copy it, unless it is this space's alone.
    //   (void)mapping, (void)page, (void)access, (void)table, (void)slot;
    //   (void)lab_todo("vmar.fault-present", "labs/1-vmar, task 10");
    //   return FaultOutcome::no_access;
    // LAB vmar.fault-present [end]
}

// Puts a copy of the slot's frame in its place. The old frame goes when no hart can read it any more.
FaultOutcome Vmar::copy_on_write(VirtAddr page, Perms perms, PageTable& table, Pte* slot) {
    Frame& old_frame = frame_at(slot->frame());
    bool is_zero = old_frame.use == FrameUse::zero_page;
    auto copy = FrameRef::allocate(FrameUse::anon, is_zero ? Fill::zero : Fill::none);
    if (!copy) return FaultOutcome::out_of_memory;
    if (!is_zero) memcpy((*copy)->data(), old_frame.data(), PAGE_SIZE);
    FlushBatch batch(space_);
    batch.retire(page, table.clear(slot));
    table.fill(slot, *std::move(copy), perms);
    return FaultOutcome::resolved;
}

// A read of a file is likely to go on: maps the pages around that are cached already, as long as they lie in the same
// aligned run of 16 pages and the same mapping.
void Vmar::map_around(const VmMapping& mapping, VirtAddr page, const PageTree& pages) {
    constexpr uint64_t RUN = 16 * PAGE_SIZE;
    VirtRange run = VirtRange::sized(VirtAddr(align_down(page.value, RUN)), RUN).intersection(mapping.range);
    uint64_t first = mapping.vmo_page(run.start);
    auto table = space_.lock();
    Pte* slots = table->find(run.start);  // of the same table as `page`, so it is there
    pages.for_each(first, first + run.pages(), [&](uint64_t index, PageTree::Entry& entry) {
        if (slots && slots[index - first].is_empty())
            table->fill(&slots[index - first], FrameRef::share(*entry.frame), mapping.perms.write_protected());
    });
}
