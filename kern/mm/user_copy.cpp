#include "mm/user_copy.h"

namespace kern {

Result<> read_user(std::span<std::byte> to, VirtAddr from) {
    return arch::user_read(to.data(), from, to.size()) == to.size() ? Result<>() : fail(Errno::EFAULT);
}

Result<> write_user(VirtAddr to, std::span<const std::byte> from) {
    return arch::user_write(to, from.data(), from.size()) == from.size() ? Result<>() : fail(Errno::EFAULT);
}

Result<> clear_user(VirtAddr to, size_t size) {
    constexpr std::byte ZEROES[64] = {};
    for (size_t done = 0; done < size;) {
        size_t part = std::min(size - done, sizeof(ZEROES));
        TRY(write_user(to + done, {ZEROES, part}));
        done += part;
    }
    return {};
}

// In pieces that end with a page: what lies behind the NUL need not be readable.
Result<String> read_user_string(VirtAddr from, size_t limit, Errno too_long) {
    String text;
    char piece[128];
    while (text.size() < limit) {
        VirtAddr at = from + text.size();
        size_t room = std::min(limit - text.size(), size_t{PAGE_SIZE - at.page_offset()});
        size_t wanted = std::min(room, sizeof(piece));
        size_t got = arch::user_read(piece, at, wanted);
        if (auto* end = static_cast<char*>(memchr(piece, 0, got))) {
            TRY(text.append({piece, static_cast<size_t>(end - piece)}));
            return text;
        }
        if (got < wanted) return fail(Errno::EFAULT);
        TRY(text.append({piece, got}));
    }
    return fail(too_long);
}

}  // namespace kern
