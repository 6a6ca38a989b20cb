#include "arch/contract.h"
#include "fs/file.h"

namespace kern {

namespace {

// How far from `offset` to the end of its page, and no more than `most`.
size_t part_of_page(uint64_t offset, size_t most) { return std::min<size_t>(most, PAGE_SIZE - offset % PAGE_SIZE); }

// The page to read from; a hole of a file in memory is the zero page.
Result<FrameRef> page_to_read(Vmo& vmo, uint64_t index) {
    if (auto cached = vmo.cached_page(index)) return *std::move(cached);
    return vmo.has_source() ? vmo.page(index) : FrameRef::share(zero_frame());
}

// The page to write to, with the file reaching at least to `end`.
Result<FrameRef> page_to_write(Vmo& vmo, uint64_t index, uint64_t end) {
    if (end > vmo.size())
        TRY(vmo.resize(end));
    if (auto cached = vmo.cached_page(index)) return *std::move(cached);
    if (!vmo.has_source() && !memory_for_files()) return fail(Errno::ENOSPC);
    return vmo.page(index);
}

// One page's worth. When less than asked can be copied, the file does not stay longer than what was.
Result<size_t> write_part(Vmo& vmo, uint64_t offset, UserBytes from, size_t part) {
    uint64_t size = vmo.size();
    auto frame = page_to_write(vmo, offset >> PAGE_SHIFT, offset + part);
    size_t copied = 0;
    if (frame) {
        vmo.mark_dirty(offset >> PAGE_SHIFT);
        copied = arch::user_read((*frame)->data() + offset % PAGE_SIZE, from.at, part);
    }
    if (copied < part && offset + copied < vmo.size())
        TRY(vmo.resize(copied ? std::max(size, offset + copied) : size));
    if (!frame) return fail(frame.error() == Errno::ENOMEM ? Errno::ENOSPC : frame.error());
    return copied;
}

}  // namespace

bool memory_for_files() { return free_frame_count() > total_frame_count() / 32; }

Result<size_t> read_to_user(Vmo& vmo, uint64_t offset, UserBytes to) {
    uint64_t size = vmo.size();
    if (offset >= size) return 0;
    size_t total = std::min<uint64_t>(to.size, size - offset);
    for (size_t done = 0; done < total;) {
        size_t part = part_of_page(offset + done, total - done);
        auto frame = page_to_read(vmo, (offset + done) >> PAGE_SHIFT);
        if (!frame && frame.error() == Errno::ENXIO)
            return done;  // cut off meanwhile
        if (!frame) return done ? Result<size_t>(done) : fail(frame.error());
        size_t copied = arch::user_write(to.at + done, (*frame)->data() + (offset + done) % PAGE_SIZE, part);
        done += copied;
        if (copied < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
    }
    return total;
}

Result<size_t> write_from_user(Inode& inode, Vmo& vmo, uint64_t offset, UserBytes from) {
    if (offset >= FILE_SIZE_LIMIT) return fail(Errno::EFBIG);
    size_t total = std::min<uint64_t>(from.size, FILE_SIZE_LIMIT - offset);
    for (size_t done = 0; done < total;) {
        size_t part = part_of_page(offset + done, total - done);
        auto room = inode.allocate(offset + done, offset + done + part);
        auto copied = !room ? fail(room.error()) : write_part(vmo, offset + done, from.from(done), part);
        done += copied.value_or(0);
        if (!copied || *copied < part)
            return done ? Result<size_t>(done) : fail(copied ? Errno::EFAULT : copied.error());
    }
    return total;
}

}  // namespace kern
