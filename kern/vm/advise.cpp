// Advice about memory: madvise(2). Most of it may be ignored; giving pages up may not. Locking is advice, too: see mlock(2).
#include "vm/vmar.h"

namespace kern {

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
    bool is_own_memory = mapping.is_anonymous() && mapping.is_private();
    switch (advice) {
    case Advice::none:
        return {};
    case Advice::free:
        if (!is_own_memory) return fail(Errno::EINVAL);
        [[fallthrough]];
    case Advice::dont_need:
        if (mapping.marks & mark::LOCKED) return fail(Errno::EINVAL);
        drop_pages(part);  // read again as zeroes or from the file
        return {};
    case Advice::dont_fork:
        return set_marks(mappings, mapping, part, mapping.marks | mark::DONT_FORK);
    case Advice::do_fork:
        return set_marks(mappings, mapping, part, mapping.marks & ~mark::DONT_FORK);
    case Advice::wipe_on_fork:
        if (!is_own_memory) return fail(Errno::EINVAL);
        return set_marks(mappings, mapping, part, mapping.marks | mark::WIPE_ON_FORK);
    case Advice::keep_on_fork:
        return set_marks(mappings, mapping, part, mapping.marks & ~mark::WIPE_ON_FORK);
    case Advice::lock:
        return set_marks(mappings, mapping, part, mapping.marks | mark::LOCKED);
    case Advice::unlock:
        return set_marks(mappings, mapping, part, mapping.marks & ~mark::LOCKED);
    }
    return {};
}

// Gives `part` of `mapping` these marks, as a mapping of its own.
Result<> Vmar::set_marks(Mappings& mappings, VmMapping& mapping, VirtRange part, int marks) {
    if (mapping.marks == marks) return {};
    TRY(isolate(mappings, mapping, part))->marks = static_cast<uint8_t>(marks);
    return {};
}

}  // namespace kern
