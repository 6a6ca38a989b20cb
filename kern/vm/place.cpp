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

// ENOMEM when RLIMIT_AS or the number of mappings does not allow so much more.
Result<> Vmar::check_limits(const Mappings& mappings, uint64_t added_bytes, size_t added_mappings) const {
    uint64_t limit = limits().address_space;
    if (added_bytes > limit || mappings.total_bytes > limit - added_bytes) return fail(Errno::ENOMEM);
    if (mappings.set.size() + added_mappings > MAX_MAPPINGS) return fail(Errno::ENOMEM);
    return {};
}

// How much of `range` is mapped already.
uint64_t Vmar::mapped_bytes_in(const Mappings& mappings, VirtRange range) {
    uint64_t bytes = 0;
    for (VmMapping* item = mappings.set.first_overlap(range); item && item->range.start < range.end;
         item = mappings.set.after(*item))
        bytes += item->range.intersection(range).size();
    return bytes;
}

// Whether the next mapping above `range` grows down and is closer than the guard gap.
bool Vmar::stack_above(const Mappings& mappings, VirtRange range) {
    VmMapping* above = mappings.set.at_or_after(range.end);
    return above && above->grows_down && above->range.start < range.end + STACK_GUARD_GAP;
}

bool Vmar::near_stack(VirtRange range) const {
    auto mappings = mappings_.read();
    return stack_above(*mappings, range);
}
