// Advice about memory: madvise(2). Most of it may be ignored; giving pages up may not.
#include "vm/vmar.h"

namespace kern {

Result<> Vmar::advise(VirtRange range, Advice advice) {
    auto mappings = mappings_.read();
    bool hole = false;
    VirtAddr at = range.start;
    while (at < range.end) {
        VmMapping* item = mappings->set.at_or_after(at);
        if (!item || item->range.start > at)
            hole = true;
        if (!item || item->range.start >= range.end) break;
        VirtRange part = item->range.intersection(range);
        if (advice == Advice::free && !(item->is_anonymous() && item->is_private())) return fail(Errno::EINVAL);
        if (advice == Advice::dont_need || advice == Advice::free)
            drop_pages(part);  // read again as zeroes or from the file
        at = part.end;
    }
    return hole ? fail(Errno::ENOMEM) : Result<>();
}

}  // namespace kern
