// Making a mapping: mmap(2).
#include "vm/vmar.h"

static Result<Own<VmMapping>> make_mapping(const MapRequest& request, VirtRange range) {
    auto mapping = TRY(make_own<VmMapping>());
    mapping->range = range;
    mapping->perms = request.perms;
    mapping->may_perms = request.may_perms;
    mapping->sharing = request.sharing;
    mapping->kind = request.kind;
    mapping->grows_down = request.grows_down || request.kind == MappingKind::stack;
    mapping->marks = request.marks;
    mapping->vmo = request.vmo;
    mapping->vmo_offset = request.vmo_offset;
    mapping->file = request.file;
    return mapping;
}

// A fixed address must be in user space as a whole: EPERM below it, ENOMEM above.
static Result<> check_fixed(VirtRange range) {
    if (range.start < USER_SPACE.start) return fail(Errno::EPERM);
    return USER_SPACE.contains(range) ? Result<>() : fail(Errno::ENOMEM);
}

// Decides where the mapping goes; changes nothing.
Result<VirtAddr> Vmar::place(const Mappings& mappings, const MapRequest& request) const {
    // LAB vmar.place [begin]
    VirtRange wanted = VirtRange::sized(request.at, request.size);
    switch (request.placement) {
    case Placement::fixed_replace:
        TRY(check_fixed(wanted));
        return wanted.start;
    case Placement::fixed_no_replace:
        TRY(check_fixed(wanted));
        return !mappings.set.first_overlap(wanted) ? Result<VirtAddr>(wanted.start) : fail(Errno::EEXIST);
    case Placement::hint:
        if (USER_SPACE.contains(wanted) && has_room(mappings, wanted)) return wanted.start;
        break;
    case Placement::any:
        break;
    }
    auto found = find_free(mappings, request.size, request.alignment);
    return found ? Result<VirtAddr>(*found) : fail(Errno::ENOMEM);
    // LAB vmar.place [stub]
    //   // One answer for each Placement; a hint that cannot be taken and `any` end in find_free().
    //   (void)mappings, (void)request, (void)check_fixed;
    //   return lab_todo("vmar.place", "labs/1-vmar, task 2");
    // LAB vmar.place [end]
}

Result<VirtAddr> Vmar::map(const MapRequest& request) {
    // LAB vmar.map [begin]
    if (request.size == 0) return fail(Errno::EINVAL);
    if (request.size > USER_SPACE.size()) return fail(Errno::ENOMEM);
    auto mappings = mappings_.lock();
    VirtRange range = VirtRange::sized(TRY(place(*mappings, request)), request.size);
    bool replaces = request.placement == Placement::fixed_replace;
    auto mapping = TRY(make_mapping(request, range));  // before the old ones go: after that nothing can fail
    TRY(check_limits(*mappings, *mapping, range.size() - (replaces ? mapped_bytes_in(*mappings, range) : 0)));
    TRY(check_count(*mappings, 1));
    if (replaces) TRY(unmap_locked(*mappings, range));
    add_mapping(*mappings, std::move(mapping));
    merge_range(*mappings, range);
    return range.start;
    // LAB vmar.map [stub]
    //   // Check the size, place() it, check the limits, make the mapping, and only then drop what it replaces.
    //   (void)request, (void)make_mapping;
    //   return lab_todo("vmar.map", "labs/1-vmar, task 3");
    // LAB vmar.map [end]
}

void Vmar::add_mapping(Mappings& mappings, Own<VmMapping> mapping) {
    mappings.count(*mapping, mapping->range.size());
    mapping->space = &space_;
    if (mapping->vmo) mapping->vmo->add(*mapping);
    mappings.set.insert(*mapping.release());
}

void Vmar::remove_mapping(Mappings& mappings, VmMapping& mapping) {
    mappings.count(mapping, -mapping.range.size());
    mappings.set.remove(mapping);
    delete &mapping;
}

void Vmar::resize_mapping(Mappings& mappings, VmMapping& mapping, VirtRange range) {
    mappings.count(mapping, range.size() - mapping.range.size());
    if (!mapping.vmo) return mappings.set.resize(mapping, range);
    auto pages = mapping.vmo->lock_pages();
    mapping.vmo_offset += range.start - mapping.range.start;
    mappings.set.resize(mapping, range);
}
