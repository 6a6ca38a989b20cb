#include "mm/user_copy.h"

Result<> read_user(std::span<std::byte> to, VirtAddr from) {
    return arch::user_read(to.data(), from, to.size()) == to.size() ? Result<>() : fail(Errno::EFAULT);
}

Result<> write_user(VirtAddr to, std::span<const std::byte> from) {
    return arch::user_write(to, from.data(), from.size()) == from.size() ? Result<>() : fail(Errno::EFAULT);
}

Result<> clear_user(VirtAddr to, size_t size) {
    constexpr std::byte ZEROES[64] = {};
    for (size_t done = 0, part; done < size; done += part) {
        part = std::min(size - done, sizeof(ZEROES));
        TRY(write_user(to + done, {ZEROES, part}));
    }
    return {};
}

// In pieces that end with a page: what lies behind the NUL need not be readable.
Result<String> read_user_string(VirtAddr from, size_t limit, Errno too_long) {
    String text;
    char piece[128];
    while (text.size() < limit) {
        VirtAddr at = from + text.size();
        size_t wanted = std::min<size_t>({limit - text.size(), PAGE_SIZE - at.page_offset(), sizeof(piece)});
        std::string_view got(piece, arch::user_read(piece, at, wanted));
        std::string_view before_nul = got.substr(0, got.find('\0'));
        TRY(text.append(before_nul));
        if (before_nul.size() < got.size()) return text;
        if (got.size() < wanted) return fail(Errno::EFAULT);
    }
    return fail(too_long);
}
