// An inode and the blocks of its file: where they are, how they get there, and how they go.

#include "fs/ext2/ext2.h"

namespace kern::ext2 {

namespace {

constexpr uint64_t SECOND = 1'000'000'000;

// From the inode to a block: entry at[0] there, then at[n] in the nth block of numbers on the way.
struct BlockPath {
    unsigned depth;
    uint32_t at[4];
};

// `index` is below the volume's limit.
BlockPath path_to(uint64_t index, uint64_t per_block) {
    if (index < DIRECT_BLOCKS) return {0, {static_cast<uint32_t>(index)}};
    index -= DIRECT_BLOCKS;
    unsigned depth = 1;
    uint64_t span = per_block;
    for (; index >= span; span *= per_block, depth++) index -= span;
    BlockPath path{depth, {static_cast<uint32_t>(DIRECT_BLOCKS + depth - 1)}};
    for (unsigned level = depth; level > 0; level--, index /= per_block)
        path.at[level] = static_cast<uint32_t>(index % per_block);
    return path;
}

bool is_zero(std::span<const std::byte> bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// Calls move(first block, offset in the page, bytes) for each run of blocks that follow each other on the disk.
template <typename Move>
Result<> for_each_run(std::span<const uint32_t> blocks, size_t block_size, Move move) {
    for (size_t i = 0, count; i < blocks.size(); i += count) {
        count = 1;
        while (blocks[i] && i + count < blocks.size() && blocks[i + count] == blocks[i] + count) count++;
        if (blocks[i]) TRY(move(blocks[i], i * block_size, count * block_size));
    }
    return {};
}

constexpr size_t MOST_BLOCKS = PAGE_SIZE / 1024;  // in a page

}  // namespace

// THE INODE

Node::Node(Volume& volume, uint32_t number, const DiskInode& disk, uint32_t names)
    : Directory(volume, disk.mode, number), volume_(volume), names_(names), goal_(volume.home_of(number)) {
    if (is(InodeType::character) || is(InodeType::block))
        device_number_ = disk.blocks[0] ? disk.blocks[0] : disk.blocks[1];
    user_.store(disk.user_low | uint32_t{disk.user_high} << 16);
    group_.store(disk.group_low | uint32_t{disk.group_high} << 16);
    links_.store(names ? disk.links : as_directory() ? 2 : 1);
    if (!names) return;
    times_.accessed.store(disk.accessed * SECOND);
    times_.modified.store(disk.modified * SECOND);
    times_.changed.store(disk.changed * SECOND);
}

Result<> Node::set_up(uint64_t size) {
    if (size > volume_.size_limit()) return fail(Errno::EIO);
    size_.store(size);
    if (is(InodeType::regular)) vmo_ = TRY(Vmo::create(size, this));
    return {};
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
    inode->links = static_cast<uint16_t>(names_ && as_directory() ? links() : names_);
    inode->accessed = static_cast<uint32_t>(times_.accessed.load() / SECOND);
    inode->modified = static_cast<uint32_t>(times_.modified.load() / SECOND);
    inode->changed = static_cast<uint32_t>(times_.changed.load() / SECOND);
    inode->deleted = names_ ? 0 : inode->changed;
    inode->size_low = static_cast<uint32_t>(size);
    if (vmo_) inode->size_high = static_cast<uint32_t>(size >> 32);
    if (memcmp(&before, inode.item, sizeof(before)) != 0) inode.block.changed();
    return {};
}

Result<> Node::write_inode() {
    TRY(store());
    return TRY(volume_.inode(id())).block.write();
}

uint64_t Node::blocks() {
    LockGuard guard(volume_.lock());
    auto inode = volume_.inode(id());
    return inode ? (*inode)->sectors : 0;
}

// FINDING AND MAKING BLOCKS

// The number, on the volume, of a block of the file; 0: a hole, unless `make_missing`.
Result<uint32_t> Node::block_of(uint64_t index, bool make_missing) {
    BlockPath path = path_to(index, volume_.numbers_per_block());
    auto inode = TRY(volume_.inode(id()));
    Block numbers;
    uint32_t* place = &inode->blocks[path.at[0]];
    for (unsigned level = 0;; level++) {
        if (*place == 0 && !make_missing) return 0;
        if (*place == 0) {
            uint32_t made = TRY(volume_.take(Volume::BLOCK, goal_));
            goal_ = made + 1;
            auto size = static_cast<uint16_t>(as_directory() && level == path.depth ? volume_.block_size() : 0);
            if (level < path.depth || !vmo_) TRY(volume_.clear(made, {0, size, 0, 0}));
            *place = made;
            (level ? numbers : inode.block).changed();
            inode->sectors += static_cast<uint32_t>(volume_.block_size() / SECTOR_SIZE);
            inode.block.changed();
        }
        if (level == path.depth) return volume_.has_block(*place) ? Result<uint32_t>(*place) : fail(Errno::EIO);
        numbers = TRY(volume_.block(*place));
        place = numbers.at<uint32_t>() + path.at[level + 1];
    }
}

Result<> Node::allocate(uint64_t from, uint64_t to) {
    if (to > volume_.size_limit()) return fail(Errno::EFBIG);
    if (Vmo::dirty_pages() > Vmo::dirty_limit() / 2) Volume::wake_flusher();
    LockGuard guard(volume_.lock());
    allocated_ = std::max(allocated_, to);
    for (uint64_t index = from / volume_.block_size(); index * volume_.block_size() < to; index++)
        TRY(block_of(index, true));
    return {};
}

// LETTING THEM GO

// Frees the blocks from number `first` on of what a block of numbers leads to; `first` is not 0. How many.
Result<uint32_t> Node::cut_below(uint32_t number, unsigned depth, uint64_t first) {
    FrameRef copy = TRY(FrameRef::allocate(FrameUse::kernel, Fill::none));
    auto* gone = reinterpret_cast<uint32_t*>(copy->data());
    uint64_t span = 1;
    for (unsigned i = 1; i < depth; i++) span *= volume_.numbers_per_block();
    uint64_t kept = (first + span - 1) / span;  // the last of them only in part, if span does not divide it
    size_t end = volume_.numbers_per_block();
    Block numbers = TRY(volume_.block(number));
    memcpy(gone, numbers.at<uint32_t>(), volume_.block_size());
    uint32_t freed = first % span && gone[kept - 1] ? TRY(cut_below(gone[kept - 1], depth - 1, first % span)) : 0;
    memset(numbers.at<uint32_t>() + kept, 0, (end - kept) * sizeof(uint32_t));
    TRY(numbers.write());
    for (size_t i = kept; i < end; i++) freed += TRY(volume_.free_tree(gone[i], depth - 1));
    return freed;
}

// Frees the blocks of the file from number `first` on.
Result<> Node::cut(uint64_t first) {
    uint32_t gone[BLOCK_POINTERS] = {}, freed = 0;
    uint64_t start = 0, span = 1;
    {
        auto inode = TRY(volume_.inode(id()));
        for (unsigned i = 0; i < BLOCK_POINTERS; i++, start += span) {
            span *= i < DIRECT_BLOCKS ? 1 : volume_.numbers_per_block();
            if (start >= first) gone[i] = std::exchange(inode->blocks[i], 0);
            else if (first < start + span && inode->blocks[i])
                freed += TRY(cut_below(inode->blocks[i], i - DIRECT_BLOCKS + 1, first - start));
        }
        TRY(inode.block.write());
    }
    for (unsigned i = 0; i < BLOCK_POINTERS; i++)
        freed += TRY(volume_.free_tree(gone[i], i < DIRECT_BLOCKS ? 0 : i - DIRECT_BLOCKS + 1));
    auto inode = TRY(volume_.inode(id()));
    inode->sectors -= static_cast<uint32_t>(freed * (volume_.block_size() / SECTOR_SIZE));
    inode.block.changed();
    return {};
}

// What was allocated for bytes that then were not written.
Result<> Node::trim() {
    uint64_t size = this->size();
    if (std::exchange(allocated_, size) <= size) return {};
    return cut((size + volume_.block_size() - 1) / volume_.block_size());
}

Result<> Node::resize(uint64_t size) {
    if (size > volume_.size_limit()) return fail(Errno::EFBIG);
    uint64_t old_size = vmo_->size();
    if (size < old_size && size % PAGE_SIZE) {  // what lies behind the new end gets zero on the disk, too
        FrameRef last = TRY(vmo_->page(size / PAGE_SIZE));
        vmo_->mark_dirty(size / PAGE_SIZE);
    }
    TRY(vmo_->resize(size));
    touch_modified();
    if (size >= old_size) return {};
    LockGuard writing(writing_);
    LockGuard guard(volume_.lock());
    allocated_ = UINT64_MAX;
    TRY(store());
    return trim();
}

// PAGES

Result<> Node::read_page(uint64_t index, std::span<std::byte> page) {
    uint32_t blocks[MOST_BLOCKS] = {};
    size_t block_size = volume_.block_size(), count = PAGE_SIZE / block_size;
    uint64_t start = index * PAGE_SIZE, size = this->size();
    {
        LockGuard guard(volume_.lock());
        for (size_t i = 0; i < count && start + i * block_size < size; i++)
            blocks[i] = TRY(block_of(index * count + i, false));
    }
    memset(page.data(), 0, page.size());
    TRY(for_each_run(std::span(blocks, count), block_size, [&](uint32_t first, size_t offset, size_t bytes) {
        return volume_.device().read(volume_.sector_of(first), page.subspan(offset, bytes));
    }));
    if (size < start + PAGE_SIZE)
        memset(page.data() + (size - std::min(size, start)), 0, PAGE_SIZE - (size - std::min(size, start)));
    return {};
}

Result<> Node::write_page(uint64_t index, std::span<const std::byte> page) {
    LockGuard writing(writing_);
    uint32_t blocks[MOST_BLOCKS] = {};
    size_t block_size = volume_.block_size(), count = PAGE_SIZE / block_size;
    Result<> result;
    {
        LockGuard guard(volume_.lock());
        for (size_t i = 0; i < count && index * PAGE_SIZE + i * block_size < size() && result; i++) {
            auto block = block_of(index * count + i, !is_zero(page.subspan(i * block_size, block_size)));
            blocks[i] = block.value_or(0);
            if (!block) result = fail(block.error());
        }
    }
    if (result)
        result = for_each_run(std::span(blocks, count), block_size, [&](uint32_t first, size_t offset, size_t bytes) {
            return volume_.device().write(volume_.sector_of(first), page.subspan(offset, bytes));
        });
    if (!result) write_failed_.store(1);
    return result;
}

Result<> Node::write_back() {
    {
        LockGuard changes(this->changes());
        LockGuard writing(writing_);
        LockGuard guard(volume_.lock());
        TRY(trim());
    }
    return vmo_->write_back(0, UINT64_MAX);
}

// fsync(2): all metadata go with it, also that of the directories that lead here.
Result<> Node::sync() {
    Result<> written = vmo_ ? vmo_->write_back(0, UINT64_MAX) : Result<>();
    if (write_failed_.exchange_acquire(0) && written) written = fail(Errno::EIO);
    TRY(volume_.commit());
    return written;
}

}  // namespace kern::ext2
