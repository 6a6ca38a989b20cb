// What is free on the volume: bitmaps, and counts of them in group and superblock.

#include "fs/ext2/ext2.h"

namespace ext2 {

static bool is_taken(const uint8_t* bitmap, uint32_t bit) { return bitmap[bit / 8] >> bit % 8 & 1; }

// The first bit from `bit` on that is 0; `end` when there is none.
static uint32_t find_free(const uint8_t* bitmap, uint32_t bit, uint32_t end) {
    while (bit < end && is_taken(bitmap, bit)) bit = bitmap[bit / 8] == 0xff ? (bit | 7) + 1 : bit + 1;
    return std::min(bit, end);
}

Result<> Volume::count(Kind kind, size_t number, int change) {
    auto group = TRY(this->group(number));
    auto super = TRY(this->super());
    group->free[kind] = static_cast<uint16_t>(group->free[kind] + change);
    super->free[kind] += static_cast<uint32_t>(change);
    group.changed();
    super.changed();
    return {};
}

Result<> Volume::count_directory(uint32_t inode, int change) {
    auto group = TRY(this->group((inode - first_[INODE]) / per_group_[INODE]));
    group->directories = static_cast<uint16_t>(group->directories + change);
    group.changed();
    return {};
}

Result<uint32_t> Volume::take(Kind kind, uint32_t goal) {
    uint32_t size = per_group_[kind], index = goal - first_[kind] < count_[kind] ? goal - first_[kind] : 0;
    for (size_t i = 0; i <= group_count_; i++) {  // the goal's group once more at last: what lies before the goal
        size_t number = (index / size + i) % group_count_;
        auto base = static_cast<uint32_t>(number * size);
        auto group = TRY(this->group(number));
        if (group->free[kind] == 0) continue;
        auto bitmap = TRY(at<uint8_t>(group->bitmaps[kind]));
        uint32_t end = std::min(size, count_[kind] - base);
        uint32_t bit = find_free(bitmap.item, i == 0 ? index % size : 0, end);
        if (bit == end) continue;
        bitmap.item[bit / 8] |= static_cast<uint8_t>(1 << bit % 8);
        bitmap.changed();
        TRY(count(kind, number, -1));
        return first_[kind] + base + bit;
    }
    return sweep(false) ? take(kind, goal) : fail(Errno::ENOSPC);
}

Result<> Volume::give_back(Kind kind, uint32_t number) {
    uint32_t index = number - first_[kind], bit = index % per_group_[kind];
    if (index >= count_[kind]) return fail(Errno::EIO);
    auto bitmap = TRY(at<uint8_t>(TRY(group(index / per_group_[kind]))->bitmaps[kind]));
    if (kind == BLOCK) cache_->discard(number);  // else it would be written over what comes there
    if (!is_taken(bitmap.item, bit)) return {};
    bitmap.item[bit / 8] &= static_cast<uint8_t>(~(1 << bit % 8));
    bitmap.changed();
    return count(kind, index / per_group_[kind], 1);
}

Result<uint32_t> Volume::free_tree(uint32_t number, unsigned depth) {
    if (number == 0) return 0;
    uint32_t freed = 1;
    if (depth) {
        auto numbers = TRY(at<uint32_t>(number));
        for (uint32_t i = 0; i < numbers_per_block; i++) freed += TRY(free_tree(numbers.item[i], depth - 1));
    }
    TRY(give_back(BLOCK, number));
    return freed;
}

// The inode has 0 links on the disk, so all it leads to is free there.
Result<> Volume::free_node(Node& node) {
    TRY(node.store());
    auto inode = TRY(this->inode(node.id()));
    auto own_sectors = static_cast<uint32_t>(inode->attributes_block ? sectors(1) : 0);
    bool has_blocks = inode->sectors != own_sectors;  // else it is a short link, a device, or empty
    for (unsigned i = 0; i < BLOCK_POINTERS && has_blocks; i++)
        TRY(free_tree(std::exchange(inode->blocks[i], 0), depth_of(i)));
    if (uint32_t number = std::exchange(inode->attributes_block, 0)) {
        auto attributes = TRY(at<uint32_t>(number));
        uint32_t& users = attributes.item[1];
        attributes.changed();
        if (--users == 0) TRY(give_back(BLOCK, number));
    }
    inode->sectors = 0;
    inode.changed();
    if (node.as_directory()) TRY(count_directory(node.id(), -1));
    return give_back(INODE, node.id());
}

}  // namespace ext2
