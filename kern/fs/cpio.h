// Reading a cpio archive in the "newc" format (see cpio(5)): what an initramfs is made of. Several archives may follow
// each other with zeroes between them. A name may have more zeroes behind it than one. The archive is not trusted: nothing
// outside it is ever looked at.
//
//     +--------+------------------+------+-----+---------+-----+
//     | 070701 | 13 numbers in hex| name | pad |  data   | pad |  next header ...  TRAILER!!!
//     |        | of 8 digits      | NUL  | to 4|         | to 4|
//     +--------+------------------+------+-----+---------+-----+
//
// Also compiled for the host.
#pragma once

struct CpioEntry {
    std::string_view name;
    uint32_t inode, mode, user, group, links, modified;  // `modified`: seconds since 1970
    uint32_t device_major, device_minor;
    std::string_view data;
};

class CpioReader {
public:
    explicit CpioReader(std::span<const std::byte> archives)
        : text_(reinterpret_cast<const char*>(archives.data()), archives.size()) {}

    // The next entry; nothing at the end of the last archive. EINVAL: see problem().
    Result<std::optional<CpioEntry>> next();

    // Counts the archives begun: inode numbers of different ones have nothing to do with each other.
    unsigned archive() const { return archive_; }

    // After an error: what is wrong, and at which byte.
    std::string_view problem() const { return problem_; }
    size_t offset() const { return offset_; }

private:
    static constexpr size_t HEADER_SIZE = 110, MAX_NAME = 4096;

    Result<CpioEntry> read_entry();
    std::unexpected<Errno> wrong(std::string_view what, size_t at);

    std::string_view text_;
    size_t at_ = 0;
    unsigned archive_ = 0;
    bool inside_ = false;  // between an archive's first entry and its trailer
    std::string_view problem_;
    size_t offset_ = 0;
};
