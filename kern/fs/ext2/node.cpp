// An inode and the blocks of its file: where they are, how they get there, and how they go.

#include "fs/ext2/ext2.h"

namespace ext2 {

constexpr uint64_t SECOND = 1'000'000'000;

// THE INODE

Node::Node(Volume& volume, uint32_t number, const DiskInode& disk)
    : Directory(volume, disk.mode, disk.links, number), volume_(volume), goal_(volume.home_of(number)) {
    user_.store(disk.user_low | uint32_t{disk.user_high} << 16);
    group_.store(disk.group_low | uint32_t{disk.group_high} << 16);
    if (!disk.links) return;  // a new one
    times_.accessed.store(disk.accessed * SECOND);
    times_.modified.store(disk.modified * SECOND);
    times_.changed.store(disk.changed * SECOND);
}

// Brings the inode in the cache up to date: it is dirty only if something is other than it was.
Result<> Node::store() {
    touched_.store(0);
    auto inode = TRY(volume_.inode(id()));
    DiskInode before = *inode.item;
    uint64_t size = this->size();
    inode->mode = static_cast<uint16_t>(mode());
    inode->user_low = static_cast<uint16_t>(user());
    inode->user_high = static_cast<uint16_t>(user() >> 16);
    inode->group_low = static_cast<uint16_t>(group());
    inode->group_high = static_cast<uint16_t>(group() >> 16);
    inode->links = static_cast<uint16_t>(links());
    inode->accessed = static_cast<uint32_t>(times_.accessed.load() / SECOND);
    inode->modified = static_cast<uint32_t>(times_.modified.load() / SECOND);
    inode->changed = static_cast<uint32_t>(times_.changed.load() / SECOND);
    inode->deleted = inode->links ? 0 : inode->changed;
    inode->size_low = static_cast<uint32_t>(size);
    if (vmo_) inode->size_high = static_cast<uint32_t>(size >> 32);
    if (memcmp(&before, inode.item, sizeof(before)) != 0) inode.changed();
    return {};
}

uint64_t Node::blocks() {
    LockGuard guard(volume_.lock);
    auto inode = volume_.inode(id());
    return inode ? (*inode)->sectors : 0;
}

// FINDING AND MAKING BLOCKS

// The number, on the volume, of a block of the file; 0: a hole, unless `make_missing`. `index` is below the volume's
// limit.
Result<uint32_t> Node::block_of(uint64_t index, bool make_missing) {
    unsigned pointer = 0;
    for (; index >= volume_.span(depth_of(pointer)); pointer++) index -= volume_.span(depth_of(pointer));
    auto inode = TRY(volume_.inode(id()));
    InBlock<uint32_t> numbers;
    uint32_t* place = &inode->blocks[pointer];
    for (unsigned depth = depth_of(pointer);; depth--) {
        if (*place == 0 && !make_missing) return 0;
        if (*place == 0) {
            uint32_t made = TRY(volume_.take(Volume::BLOCK, goal_));
            goal_ = made + 1;
            auto size = static_cast<uint16_t>(as_directory() && depth == 0 ? volume_.block_size : 0);
            if (depth || !vmo_) TRY(volume_.clear(made, {0, size, 0, 0}));
            *place = made;
            if (numbers) numbers.changed();
            inode->sectors += static_cast<uint32_t>(volume_.sectors(1));
            inode.changed();
        }
        if (depth == 0) return volume_.has_block(*place) ? Result<uint32_t>(*place) : fail(Errno::EIO);
        numbers = TRY(volume_.at<uint32_t>(*place));
        place = numbers.item + index / volume_.span(depth - 1) % volume_.numbers_per_block;
    }
}

Result<uint64_t> Node::allocate(uint64_t from, uint64_t to) {
    if (to > volume_.size_limit) return fail(Errno::EFBIG);
    if (Vmo::dirty_pages() > Vmo::dirty_limit() / 2) Volume::wake_flusher();
    LockGuard guard(volume_.lock);
    for (uint64_t at = align_down(from, volume_.block_size); at < to; at += volume_.block_size) {
        auto made = block_of(at / volume_.block_size, true);
        if (!made) return at > from ? Result<uint64_t>(at) : fail(made.error());
    }
    return to;
}

// LETTING THEM GO

// Frees what a row of numbers leads to, from its block number `first` on; how many blocks. The row is a block of
// numbers, or the inode's (depth 0), and is written without them before they are free.
Result<uint32_t> Node::cut(InBlock<uint32_t> row, size_t size, unsigned depth, uint64_t first) {
    auto depth_below = [&](size_t i) { return depth ? depth - 1 : depth_of(i); };
    Vec<uint32_t> gone;
    TRY(gone.resize(size));
    uint32_t freed = 0;
    for (uint64_t i = 0, start = 0, end; i < size; i++, start = end) {
        end = start + volume_.span(depth_below(i));
        if (start >= first) {
            gone[i] = std::exchange(row.item[i], 0);
        } else if (first < end && row.item[i]) {
            auto below = TRY(volume_.at<uint32_t>(row.item[i]));
            freed += TRY(cut(std::move(below), volume_.numbers_per_block, depth_below(i), first - start));
        }
    }
    TRY(row.write());
    for (size_t i = 0; i < size; i++) freed += TRY(volume_.free_tree(gone[i], depth_below(i)));
    return freed;
}

Result<> Node::trim() {
    LockGuard writing(writing_);
    LockGuard guard(volume_.lock);
    TRY(store());
    auto inode = TRY(volume_.inode(id()));
    uint64_t end = align_up(this->size(), volume_.block_size) / volume_.block_size;
    InBlock<uint32_t> row{inode->blocks, inode.cache, std::move(inode.frame), inode.number};
    uint32_t freed = TRY(cut(std::move(row), BLOCK_POINTERS, 0, end));
    inode = TRY(volume_.inode(id()));
    inode->sectors -= static_cast<uint32_t>(volume_.sectors(freed));
    inode.changed();
    return {};
}

Result<> Node::resize(uint64_t size) {
    if (size > volume_.size_limit) return fail(Errno::EFBIG);
    uint64_t old_size = vmo_->size();
    if (size < old_size && size % PAGE_SIZE) {  // what lies behind the new end gets zero on the disk, too
        FrameRef last = TRY(vmo_->page(size / PAGE_SIZE));
        vmo_->mark_dirty(size / PAGE_SIZE);
    }
    TRY(vmo_->resize(size));
    touch_modified();
    return size < old_size ? trim() : Result<>();
}

// PAGES

// Of a page all blocks that there are, neighbours on the disk at once; what is written and not zero gets some.
Result<> Node::transfer(BlockDevice::Kind kind, uint64_t index, std::span<const std::byte> page) {
    size_t size = volume_.block_size, bytes = bytes_in(index);
    auto block_at = [&](size_t at) {
        bool make_missing = kind == BlockDevice::Kind::write && memcmp(&page[at], zero_frame().data(), size) != 0;
        LockGuard guard(volume_.lock);
        return block_of((index * PAGE_SIZE + at) / size, make_missing);
    };
    for (size_t at = 0, end; at < bytes; at = end) {
        uint32_t first = TRY(block_at(at));
        for (end = at + size; end < bytes && block_at(end).value_or(0) == first + (end - at) / size;) end += size;
        if (first) TRY(volume_.transfer(kind, first, page.subspan(at, end - at)));
    }
    return {};
}

Result<> Node::read_page(uint64_t index, std::span<std::byte> page) {
    memset(page.data(), 0, page.size());
    TRY(transfer(BlockDevice::Kind::read, index, page));
    size_t size = bytes_in(index);
    memset(page.data() + size, 0, PAGE_SIZE - size);
    return {};
}

Result<> Node::write_page(uint64_t index, std::span<const std::byte> page) {
    LockGuard writing(writing_);
    Result<> written = transfer(BlockDevice::Kind::write, index, page);
    if (!written) write_failed_.store(1);
    return written;
}

// fsync(2): all metadata go with it, also that of the directories that lead here.
Result<> Node::sync() {
    Result<> written = vmo_ ? vmo_->write_back(0, UINT64_MAX) : Result<>();
    if (write_failed_.exchange_acquire(0) && written) written = fail(Errno::EIO);
    TRY(volume_.commit());
    return written;
}

}  // namespace ext2
