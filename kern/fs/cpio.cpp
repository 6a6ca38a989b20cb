#include "fs/cpio.h"

#include <algorithm>

#include "base/addr.h"

namespace kern {

namespace {

std::optional<uint32_t> parse_hex(std::string_view digits) {
    uint32_t value = 0;
    for (char c : digits) {
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
        if (digit < 0) return std::nullopt;
        value = value << 4 | static_cast<uint32_t>(digit);
    }
    return value;
}

}  // namespace

std::unexpected<Errno> CpioReader::wrong(std::string_view what, size_t at) {
    problem_ = what;
    offset_ = at;
    return fail(Errno::EINVAL);
}

// Zeroes may lie between archives, and behind the last. Returns whether anything else follows.
bool CpioReader::skip_padding() {
    while (at_ < bytes_.size() && bytes_[at_] == std::byte{0})
        at_++;
    return at_ < bytes_.size();
}

Result<std::optional<CpioEntry>> CpioReader::next() {
    for (;;) {
        if (!inside_ && !skip_padding()) return std::nullopt;
        if (at_ >= bytes_.size()) return wrong("the archive ends without its TRAILER!!!", at_);
        CpioEntry entry = TRY(read_entry());
        archive_ += !inside_;
        inside_ = entry.name != "TRAILER!!!";
        if (inside_) return entry;
    }
}

Result<> CpioReader::read_header(uint32_t (&numbers)[13]) {
    if (bytes_.size() - at_ < HEADER_SIZE) return wrong("a header is cut off", at_);
    std::string_view magic = text(at_, 6);
    if (magic != "070701" && magic != "070702")
        return wrong("no cpio header in the newc format (070701) where one should be", at_);
    for (size_t i = 0; i < 13; i++) {
        size_t place = at_ + 6 + 8 * i;
        auto number = parse_hex(text(place, 8));
        if (!number) return wrong("a number in a header is not hexadecimal", place);
        numbers[i] = *number;
    }
    return {};
}

Result<CpioEntry> CpioReader::read_entry() {
    uint32_t numbers[13];
    TRY(read_header(numbers));
    auto [inode, mode, user, group, links, modified, size, major, minor, r_major, r_minor, name_size, checksum] = numbers;
    if (name_size < 2 || name_size > MAX_NAME) return wrong("the length of a name is not between 1 and 4095", at_ + 94);
    size_t name_at = at_ + HEADER_SIZE;
    if (name_size > bytes_.size() - name_at) return wrong("a name is cut off", name_at);
    std::string_view name = text(name_at, name_size);
    if (name.find('\0') != name_size - 1) return wrong("a name does not end where its length says", name_at);
    // Sizes are below 2^32 and at_ is a position in memory, so the sums cannot wrap.
    size_t data_at = at_ + align_up(HEADER_SIZE + name_size, 4);
    if (data_at > bytes_.size() || size > bytes_.size() - data_at)
        return wrong("the content of a file is cut off", at_);
    at_ = std::min<size_t>(data_at + align_up(size, 4), bytes_.size());
    name.remove_suffix(1);
    return CpioEntry{name, inode, mode, user, group, links, modified, major, minor, bytes_.subspan(data_at, size)};
}

}  // namespace kern
