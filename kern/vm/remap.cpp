// Resizing and moving a mapping: mremap(2).

#include "vm/vmar.h"

Result<VirtAddr> Vmar::remap(const RemapRequest& request) {
    VirtRange old = request.old_range;
    if (request.fixed) {
        VirtRange target = VirtRange::sized(*request.fixed, request.new_size);
        if (target.end > VMAR_CAP_ADDR || target.overlaps(old)) return fail(Errno::EINVAL);
    }
    if (request.new_size > USER_SPACE.size()) return fail(Errno::ENOMEM);
    auto mappings = mappings_.lock();
    VmMapping* mapping = mappings->set.find(old.start);
    if (!mapping) return fail(Errno::EFAULT);
    VirtAddr new_end = old.start + request.new_size;
    if (new_end <= old.end && !request.fixed && !request.dont_unmap) {
        TRY(unmap_locked(*mappings, {new_end, old.end}));  // as munmap(2) would, several mappings too
        return old.start;
    }
    if (!mapping->range.contains(old)) return fail(Errno::EFAULT);
    if (old.empty() && mapping->is_private()) return fail(Errno::EINVAL);
    bool may_stay = !old.empty() && !request.fixed && !request.dont_unmap;
    if (may_stay && extend_in_place(*mappings, *mapping, request)) return old.start;
    return request.may_move ? move(*mappings, *mapping, request) : fail(Errno::ENOMEM);
}

// Where the mapping goes when it does not stay.
Result<VirtRange> Vmar::new_place(const Mappings& mappings, const RemapRequest& request) const {
    Placement placement = request.fixed ? Placement::fixed_replace : Placement::any;
    MapRequest where{.size = request.new_size, .placement = placement, .at = request.fixed.value_or(VirtAddr{})};
    return VirtRange::sized(TRY(place(mappings, where)), request.new_size);
}

bool Vmar::extend_in_place(Mappings& mappings, VmMapping& mapping, const RemapRequest& request) {
    VirtRange added{request.old_range.end, request.old_range.start + request.new_size};
    if (mapping.range.end != added.start || added.end > VMAR_CAP_ADDR || !has_room(mappings, added)) return false;
    if (!check_limits(mappings, mapping, added.size())) return false;
    resize_mapping(mappings, mapping, {mapping.range.start, added.end});
    merge_range(mappings, {added.end, added.end});
    return true;
}

// Everything that can fail comes before the first page moves. Of an empty old range none does: the pages of a shared mapping
// become visible at a second place.
Result<VirtAddr> Vmar::move(Mappings& mappings, const VmMapping& mapping, const RemapRequest& request) {
    VirtRange old = request.old_range;
    uint64_t added = request.new_size - (request.dont_unmap ? 0 : std::min(old.size(), request.new_size));
    if (added) TRY(check_limits(mappings, mapping, added));
    TRY(check_count(mappings, 1));
    VirtRange target = TRY(new_place(mappings, request));
    if (request.fixed) TRY(unmap_locked(mappings, target));
    TRY(split_at(mappings, old.start));
    TRY(split_at(mappings, old.end));
    VmMapping* source = mappings.set.find(old.start);
    if (!source) return fail(Errno::EFAULT);  // it lay in the target
    auto moved = TRY(source->copy_of(VirtRange::sized(old.start, request.new_size)));
    moved->range = target;
    TRY(move_pages({old.start, old.start + std::min(old.size(), target.size())}, target.start));
    add_mapping(mappings, std::move(moved));
    if (!request.dont_unmap) TRY(unmap_locked(mappings, old));
    merge_range(mappings, target);
    merge_range(mappings, old);
    return target.start;
}

// Moves the table's entries of `from` to the pages that begin at `to`. ENOMEM: nothing has moved.
Result<> Vmar::move_pages(VirtRange from, VirtAddr to) {
    FlushBatch batch(space_);
    auto table = space_.lock();
    VirtRange target = VirtRange::sized(to, from.size());
    for (VirtAddr at = target.start; at < target.end; at = entry_end(at, 1, target.end)) TRY(table->reach(at));
    table->for_each(from, [&](VirtAddr page, Pte& slot) {
        Pte moved = slot;
        table->fill(table->find(to + (page - from.start)), table->clear(&slot), Perms::none());
        *table->find(to + (page - from.start)) = moved;
        batch.note(page);
    });
    table->prune(from, [&](FrameRef empty) { batch.retire_table(std::move(empty)); });
    return {};
}
