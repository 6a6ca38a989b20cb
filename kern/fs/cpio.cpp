#include "fs/cpio.h"

std::unexpected<Errno> CpioReader::wrong(std::string_view what, size_t at) {
    problem_ = what;
    offset_ = at;
    return fail(Errno::EINVAL);
}

Result<std::optional<CpioEntry>> CpioReader::next() {
    for (;;) {
        // Zeroes may lie between archives, and behind the last.
        if (!inside_) at_ = std::min(text_.find_first_not_of('\0', at_), text_.size());
        bool at_end = at_ >= text_.size();
        if (at_end && !inside_) return std::nullopt;
        if (at_end) return wrong("the archive ends without its TRAILER!!!", at_);
        CpioEntry entry = TRY(read_entry());
        archive_ += !inside_;
        inside_ = entry.name != "TRAILER!!!";
        if (inside_) return entry;
    }
}

Result<CpioEntry> CpioReader::read_entry() {
    std::string_view header = text_.substr(at_, HEADER_SIZE);
    if (header.size() < HEADER_SIZE) return wrong("a header is cut off", at_);
    if (!header.starts_with("070701") && !header.starts_with("070702"))
        return wrong("no cpio header in the newc format (070701) where one should be", at_);
    uint32_t numbers[13];
    for (size_t i = 0; i < std::size(numbers); i++) {
        auto number = parse_number(header.substr(6 + 8 * i, 8), 16);
        if (!number) return wrong("a number in a header is not hexadecimal", at_ + 6 + 8 * i);
        numbers[i] = static_cast<uint32_t>(*number);
    }
    auto [inode, mode, user, group, links, modified, size, major, minor, r_major, r_minor, name_size, check] = numbers;
    if (name_size < 2 || name_size > MAX_NAME) return wrong("the length of a name is not between 1 and 4095", at_ + 94);
    size_t name_at = at_ + HEADER_SIZE;
    std::string_view name = text_.substr(name_at, name_size);
    if (name.size() < name_size) return wrong("a name is cut off", name_at);
    size_t end = name.find('\0');  // more zeroes bring the content to a page of its own
    if (end == 0 || end == name.npos || name.find_first_not_of('\0', end) != name.npos)
        return wrong("a name does not end where its length says", name_at);
    // Sizes are below 2^32 and at_ is a position in memory, so the sums cannot wrap.
    size_t data_at = at_ + align_up(HEADER_SIZE + name_size, 4);
    if (data_at > text_.size() || size > text_.size() - data_at) return wrong("the content of a file is cut off", at_);
    at_ = std::min<size_t>(data_at + align_up(size, 4), text_.size());
    return CpioEntry{name.substr(0, end), inode, mode, user, group, links, modified, major, minor, text_.substr(data_at, size)};
}
