// Advice about memory: madvise(2). Most of it may be ignored; giving pages up may not. Locking is advice, too: see mlock(2).
#include "vm/vmar.h"

// What each Advice does to a mapping's marks.
static constexpr struct {
    uint8_t added = 0, removed = 0;
} MARKS[] = {{}, {}, {}, {}, {mark::DONT_FORK}, {0, mark::DONT_FORK}, {mark::WIPE_ON_FORK}, {0, mark::WIPE_ON_FORK},
             {mark::LOCKED}, {0, mark::LOCKED}};

Result<> Vmar::advise(VirtRange range, Advice advice) {
    auto mappings = mappings_.lock();
    Result<> result;
    VirtAddr at = range.start;
    while (at < range.end) {
        VmMapping* item = mappings->set.at_or_after(at);
        if (!item || item->range.start > at)
            result = fail(Errno::ENOMEM);  // a hole: advice goes on behind it, mlock(2) does not
        if (!item || item->range.start >= range.end || (!result && advice >= Advice::lock)) break;
        VirtRange part = item->range.intersection(range);
        TRY(advise_part(*mappings, *item, part, advice));
        at = part.end;
    }
    merge_range(*mappings, {range.start, at});
    return result;
}

// EINVAL: not for a mapping of this kind. ENOMEM: one mapping too many.
Result<> Vmar::advise_part(Mappings& mappings, VmMapping& mapping, VirtRange part, Advice advice) {
    bool needs_own_memory = advice == Advice::free || advice == Advice::wipe_on_fork;
    if (needs_own_memory && !(mapping.is_anonymous() && mapping.is_private())) return fail(Errno::EINVAL);
    if (advice >= Advice::dont_need && advice <= Advice::free) {
        if ((mapping.marks & mark::LOCKED) && advice != Advice::dont_need_locked) return fail(Errno::EINVAL);
        drop_pages(part);  // read again as zeroes or from the file
        return {};
    }
    auto [added, removed] = MARKS[static_cast<size_t>(advice)];
    auto marks = static_cast<uint8_t>((mapping.marks | added) & ~removed);
    if (marks != mapping.marks) TRY(isolate(mappings, mapping, part))->marks = marks;
    return {};
}
