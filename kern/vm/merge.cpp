// Joining neighbours that could be one mapping.
#include "vm/vmar.h"

// Whether `upper`, which starts where `lower` ends, is its continuation: the same rights, sharing and kind, and the same
// backing with the offset that follows.
bool Vmar::can_merge(const VmMapping& lower, const VmMapping& upper) {
    // LAB vmar.can-merge [begin]
    if (lower.range.end != upper.range.start) return false;
    if (lower.perms != upper.perms || lower.may_perms != upper.may_perms || lower.sharing != upper.sharing)
        return false;
    if (lower.kind != upper.kind || lower.grows_down != upper.grows_down || lower.marks != upper.marks) return false;
    if (lower.vmo != upper.vmo || lower.file != upper.file) return false;
    return lower.is_anonymous() || lower.vmo_offset + lower.range.size() == upper.vmo_offset;
    // LAB vmar.can-merge [stub]
    //   // Compare all that must be equal for the two to be one mapping.
    //   (void)lower, (void)upper;
    //   return false;
    // LAB vmar.can-merge [end]
}

// Joins what can be joined at every border in [range.start, range.end].
void Vmar::merge_range(Mappings& mappings, VirtRange range) {
    // LAB vmar.merge [begin]
    VmMapping* lower = mappings.set.at_or_after(range.start - 1);
    while (lower && lower->range.end <= range.end) {
        VmMapping* upper = mappings.set.after(*lower);
        if (!upper) return;
        if (!can_merge(*lower, *upper)) {
            lower = upper;
            continue;
        }
        VirtRange both{lower->range.start, upper->range.end};
        remove_mapping(mappings, *upper);
        resize_mapping(mappings, *lower, both);
    }
    // LAB vmar.merge [stub]
    //   // Walk the borders; where can_merge() says so, remove the upper mapping and extend the lower one over it.
    //   (void)mappings, (void)range;
    //   (void)lab_todo("vmar.merge", "labs/1-vmar, task 7");
    // LAB vmar.merge [end]
}
