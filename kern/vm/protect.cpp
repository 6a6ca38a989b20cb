// Changing rights: mprotect(2).

#include "vm/vmar.h"

Result<> Vmar::protect(VirtRange range, Perms perms) {
    // LAB vmar.protect [begin]
    auto mappings = mappings_.lock();
    Result<> result;
    VirtAddr at = range.start;
    while (at < range.end) {
        VmMapping* item = mappings->set.find(at);
        if (!item) result = fail(Errno::ENOMEM);
        else if (!item->may_perms.contains(perms)) result = fail(Errno::EACCES);
        else result = protect_one(*mappings, *item, {at, std::min(range.end, item->range.end)}, perms);
        if (!result) break;
        at = std::min(range.end, mappings->set.find(at)->range.end);
    }
    merge_range(*mappings, {range.start, at});
    return result;
    // LAB vmar.protect [stub]
    //   // From mapping to mapping up to the first hole or refusal; then merge what became alike.
    //   (void)range, (void)perms;
    //   return lab_todo("vmar.protect", "labs/1-vmar, task 6");
    // LAB vmar.protect [end]
}

// Gives `part` of `mapping` the rights `perms`, as a mapping of its own. ENOMEM, also when RLIMIT_DATA would count it now.
Result<> Vmar::protect_one(Mappings& mappings, VmMapping& mapping, VirtRange part, Perms perms) {
    if (mapping.perms == perms) return {};
    uint64_t old_data = mapping.is_data() ? part.size() : 0, new_data = mapping.is_data(perms) ? part.size() : 0;
    if (new_data > old_data && mappings.data_bytes + new_data > mappings.limits.data) return fail(Errno::ENOMEM);
    TRY(isolate(mappings, mapping, part))->perms = perms;
    mappings.data_bytes += new_data - old_data;
    restrict_pages(part, perms);
    return {};
}

// Makes `part` of `mapping` a mapping of its own, and returns it. ENOMEM.
Result<VmMapping*> Vmar::isolate(Mappings& mappings, VmMapping& mapping, VirtRange part) {
    if (part != mapping.range)
        TRY(check_count(mappings, (mapping.range.start < part.start) + (part.end < mapping.range.end)));
    TRY(split_at(mappings, part.start));
    TRY(split_at(mappings, part.end));
    return mappings.set.find(part.start);
}

// Brings the pages already in the table down to `perms`. A page that was not writable stays so, even when `perms` has W:
// it may be shared copy-on-write. The first write to it faults, and the fault knows what to do.
void Vmar::restrict_pages(VirtRange range, Perms perms) {
    // LAB vmar.restrict [begin]
    FlushBatch batch(space_);
    auto table = space_.lock();
    table->for_each(range, [&](VirtAddr page, Pte& slot) {
        table->set_perms(&slot, slot.has(Pte::W) ? perms : perms.write_protected());
        batch.note(page);
    });
    // LAB vmar.restrict [stub]
    //   // Set the rights of each page that is present; no hart may go on with the old ones.
    //   (void)range, (void)perms;
    //   (void)lab_todo("vmar.restrict", "labs/1-vmar, task 6");
    // LAB vmar.restrict [end]
}
