// Finding room for a mapping.

#include "vm/vmar.h"

// The address of the highest place of `size` bytes, aligned to `alignment`, in a gap between mappings below mmap_base.
//
// The set's tree answers from the root: a subtree whose largest_gap is too small has nothing for us. Of the gaps that
// are large enough the highest wins, so the right side of a node is looked at first, then the gap just below the node,
// then its left side. The gap above the last mapping belongs to no node and is looked at before all.
std::optional<VirtAddr> Vmar::find_free(const Mappings& mappings, uint64_t size, uint64_t alignment) const {
    // LAB vmar.find-free [begin]
    struct Search {
        uint64_t size;
        uint64_t alignment;
        VirtAddr high;  // nothing may end above this

        std::optional<VirtAddr> in_gap(VirtAddr start, VirtAddr end) const {
            end = std::min(end, high);
            if (end < start || end - start < size) return std::nullopt;
            VirtAddr place(align_down((end - size).value, alignment));
            return place >= start ? std::optional(place) : std::nullopt;
        }
        std::optional<VirtAddr> below(const IntervalNode* node) const {
            for (; node && node->largest_gap >= size; node = node->left) {
                if (node->right && node->right->largest_gap >= size && node->range.end < high)
                    if (auto found = below(node->right)) return found;
                if (node->gap < size) continue;
                if (auto found = in_gap(node->range.start - node->gap, node->range.start)) return found;
            }
            return std::nullopt;
        }
    } search{size, alignment, process_vm_.layout().mmap_base};

    VmMapping* last = mappings.set.last();
    if (auto found = search.in_gap(last ? last->range.end : mappings.set.low(), VMAR_CAP_ADDR)) return found;
    return search.below(mappings.set.root());
    // LAB vmar.find-free [stub]
    //   // Search the gaps from the top down; the picture is in interval_set.h.
    //   (void)mappings, (void)size, (void)alignment;
    //   (void)lab_todo("vmar.find-free", "labs/1-vmar, task 1");
    //   return std::nullopt;
    // LAB vmar.find-free [end]
}

// ENOMEM when RLIMIT_AS, or RLIMIT_DATA for a mapping that it counts, does not allow so much more of `grown`.
Result<> Vmar::check_limits(const Mappings& mappings, const VmMapping& grown, uint64_t added_bytes) {
    auto fits = [=](uint64_t bytes, uint64_t most) { return added_bytes <= most && bytes <= most - added_bytes; };
    bool allowed = fits(mappings.total_bytes, mappings.limits.address_space) &&
                   (!grown.is_data() || fits(mappings.data_bytes, mappings.limits.data));
    return allowed ? Result<>() : fail(Errno::ENOMEM);
}

// ENOMEM when there would be too many mappings.
Result<> Vmar::check_count(const Mappings& mappings, size_t added) {
    return mappings.set.size() + added > MAX_MAPPINGS ? fail(Errno::ENOMEM) : Result<>();
}

// How much of `range` is mapped already.
uint64_t Vmar::mapped_bytes_in(const Mappings& mappings, VirtRange range) {
    uint64_t bytes = 0;
    for (VmMapping* item = mappings.set.first_overlap(range); item && item->range.start < range.end;
         item = mappings.set.after(*item))
        bytes += item->range.intersection(range).size();
    return bytes;
}

bool Vmar::has_room(const Mappings& mappings, VirtRange range) {
    VmMapping* above = mappings.set.at_or_after(range.start);
    return !above || above->range.start >= range.end + (above->grows_down ? STACK_GUARD_GAP : 0);
}
