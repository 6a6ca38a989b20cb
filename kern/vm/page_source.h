// What the address space knows of a file. kern/fs implements both classes; kern/vm never includes it.
#pragma once

class Vmo;

// Where the pages of a Vmo come from and go to. Called with no lock held; may sleep.
class PageSource {
public:
    // Fills `page` (PAGE_SIZE bytes) with page number `index`; what lies past the end of the file is zero. EIO.
    virtual Result<> read_page(uint64_t index, std::span<std::byte> page) = 0;
    // Writes page `index` back. EIO, ENOSPC.
    virtual Result<> write_page(uint64_t index, std::span<const std::byte> page) = 0;

protected:
    ~PageSource() = default;
};

// An open file that a mapping keeps alive (an open file description: see open(2)).
class BackingFile : public RefCounted<BackingFile> {
public:
    virtual ~BackingFile() = default;
    // The absolute path it was opened by, as /proc/<pid>/maps shows it.
    virtual std::string_view path() const = 0;
    virtual uint64_t inode_number() const = 0;
    // The pages of the file; null when it cannot be mapped (a directory, a terminal).
    virtual Ref<Vmo> vmo() = 0;
};
