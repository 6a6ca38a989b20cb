// The second extended file system, on a disk. What lies there is drawn in format.h.
//
// WHAT IS IN MEMORY. A file's pages are its Vmo's, which reads and writes them through its Node. All else - inodes,
// bitmaps, directories, block numbers - is in one cache for the volume: a Vmo whose page n holds block n. A dirty page
// of either goes to the disk by and by (the flusher, every few seconds), at fsync(2), or when we write it at once.
//
// THE ORDER OF WRITING. The machine may stop at any moment, and then `e2fsck -p` must be able to put right what is
// half done without asking anyone, and what was fsynced must be whole. It can: wrong counts, bitmaps and sizes, an
// entry that leads to a free inode, an empty file without a name. It cannot: a file with content but no name, a block
// that belongs to two files, block numbers or entries that are not there yet. One rule keeps those away:
//
//     A block of metadata may reach the disk whenever it is dirty. So what depends on something else being on
//     the disk is not even put into memory before that is written.
//
//     a new name            the entry is written; then the inode's link count, until then 0, may become 1
//     the last name goes    the inode is written with 0 links; then the entry is cleared; freed when nobody has it open
//     a name moves          the new entry is written; then the old one is cleared
//     ... over another's    that one gets a name in lost+found first, and loses it at last: it never is without one
//     a block is freed      what led to it is written without it (or the inode with 0 links); then the bitmap, so
//                           that it can be given to another
//     a block of numbers,   written empty; then what leads to it
//     or of entries
//
// A file's data come before its inode only at fsync(2) and sync(2): a file that grew and was not synced may hold what
// was in its blocks before. And a directory that moves to another directory has for an instant two names or a wrong
// "..", which e2fsck asks about.
//
// LOCKS, outermost first: FileSystem::names or Inode::changes() (of the caller), Node::writing_, the volume's lock,
// which is held over all that reads or changes metadata, also while that sleeps on the disk.
#pragma once

#include "fs/disk.h"
#include "fs/ext2/format.h"
#include "fs/mount.h"

namespace ext2 {

class Node;

// Something in a block of metadata, or what such a block is full of. The block stays in the cache as long as this is
// kept.
template <typename T>
struct InBlock {
    T* item = nullptr;
    Vmo* cache = nullptr;
    FrameRef frame = {};
    uint32_t number = 0;

    explicit operator bool() const { return item; }
    T* operator->() const { return item; }
    void changed() { cache->mark_dirty(number); }
    // Changed, and on the disk when this returns. Uses this up.
    Result<> write() {
        changed();
        frame = {};
        return cache->write_back(number, number + 1);
    }
};

class Volume final : public FileSystem, public ListNode<Volume>, PageSource {
public:
    enum Kind : unsigned { BLOCK, INODE };

    // For mount(2). EINVAL: no ext2, or one with features that we lack, which one line tells.
    static Result<Ref<Directory>> open(BlockDevice* device, bool read_only);
    Volume(BlockDevice& device, const Superblock& super);

    FileSystemSpace space() override;
    Result<> sync() override;
    Result<> set_read_only() override;
    void unmounted(Directory& root) override;

    const size_t block_size, inode_size;
    const uint32_t numbers_per_block;
    uint64_t size_limit = INT32_MAX;  // of a file
    Mutex lock{LockRank::inode};

    bool has_block(uint32_t number) const { return number - first_[BLOCK] < count_[BLOCK]; }
    // The first block of an inode's group.
    uint32_t home_of(uint32_t inode) const {
        return first_[BLOCK] + (inode - first_[INODE]) / per_group_[INODE] * per_group_[BLOCK];
    }
    // How many blocks a number leads to: itself (depth 0), or through that many levels of blocks of numbers.
    uint64_t span(unsigned depth) const { return depth ? span(depth - 1) * numbers_per_block : 1; }
    size_t sectors(size_t blocks) const { return blocks * (block_size / SECTOR_SIZE); }
    // From `block` on as many as the bytes are. EIO.
    Result<> transfer(BlockDevice::Kind kind, uint64_t block, std::span<const std::byte> bytes) {
        if (kind == BlockDevice::Kind::write && at_rest_.load()) return fail(Errno::EROFS);
        return device_.ask(kind, sectors(block), bytes);
    }

    // WITH THE LOCK HELD. EIO, also for what a malformed disk says; ENOMEM.

    // What lies so many bytes behind the start of a block, maybe in a later one.
    template <typename T>
    Result<InBlock<T>> at(uint32_t number, size_t offset = 0) {
        number = static_cast<uint32_t>(number + offset / block_size);
        if (number >= first_[BLOCK] + count_[BLOCK]) return fail(Errno::EIO);
        FrameRef frame = TRY(cache_->page(number));
        auto* item = reinterpret_cast<T*>(frame->data() + offset % block_size);
        return InBlock<T>{item, cache_.get(), std::move(frame), number};
    }
    // Makes a new block one of metadata, on the disk too: `first`, the rest zeroes.
    Result<> clear(uint32_t number, Entry first = {});
    Result<InBlock<DiskInode>> inode(uint32_t number);
    // A free block or inode, the first from `goal` on if there is one; it is free no more. ENOSPC.
    Result<uint32_t> take(Kind kind, uint32_t goal);
    Result<> give_back(Kind kind, uint32_t number);
    Result<> count_directory(uint32_t inode, int change);
    // Frees a block and, of a block of numbers (depth 1 to 3), all it leads to. How many.
    Result<uint32_t> free_tree(uint32_t number, unsigned depth);
    // A node is in memory from its first use until some time after the last. ENOENT: it is free.
    Result<Ref<Node>> node(uint32_t number);
    Result<Ref<Node>> add_node(uint32_t number, const DiskInode& disk);
    // lost+found, where what loses its name gets another; null: there is none.
    Ref<Node> shelter() { return node(shelter_).value_or(nullptr); }
    Result<> write_metadata();

    // WITHOUT IT

    // All metadata, that of the inodes in memory too, and a flush. EIO.
    Result<> commit();
    // Has the flusher come soon.
    static void wake_flusher();

private:
    Result<InBlock<Superblock>> super() { return at<Superblock>(0, SUPERBLOCK_AT); }
    Result<InBlock<Group>> group(size_t number) { return at<Group>(first_[BLOCK] + 1, number * sizeof(Group)); }
    Result<> count(Kind kind, size_t group, int change);
    Result<> mark(bool clean);
    Result<> store_touched();
    Result<> free_node(Node& node);
    bool sweep(bool drop_unused);
    void drop_nodes();
    static void flush_for_ever(Thread&);
    void for_each_node(auto visit);

    // Of the cache: page n is block n.
    Result<> read_page(uint64_t index, std::span<std::byte> page) override {
        return transfer(BlockDevice::Kind::read, index, page.first(block_size));
    }
    Result<> write_page(uint64_t index, std::span<const std::byte> page) override {
        return transfer(BlockDevice::Kind::write, index, page.first(block_size));
    }

    BlockDevice& device_;
    const size_t group_count_;
    const uint32_t first_[2], per_group_[2], count_[2];  // blocks, inodes: first number, how many in a group, in all
    Atomic<uint32_t> at_rest_;  // 1: the disk says so, and nothing is written any more

    Ref<Vmo> cache_;
    List<Node, Node> nodes_[64];
    size_t node_count_ = 0, next_sweep_ = 1024;
    uint32_t shelter_ = 0;
};

// An inode in memory, of any type: only one whose mode says so is ever used as a directory.
class Node final : public Directory, public ListNode<Node>, PageSource {
public:
    Node(Volume& volume, uint32_t number, const DiskInode& disk);

    uint64_t size() override { return vmo_ ? vmo_->size() : size_.load(); }
    uint64_t blocks() override;
    void changed() override { touched_.store(1); }

    Ref<Vmo> vmo() override { return vmo_; }
    Result<> resize(uint64_t size) override;
    Result<uint64_t> allocate(uint64_t from, uint64_t to) override;
    Result<> trim() override;
    Result<> sync() override;
    Result<String> read_link() override;

    Result<Ref<Inode>> lookup(std::string_view name) override;
    Result<> list(EntrySink& sink) override;
    Result<Ref<Inode>> make(const NewInode& what) override;
    Result<> put(std::string_view name, Ref<Inode> inode) override;
    Result<> erase(std::string_view name) override;
    Result<> set_parent(Directory& parent) override;

private:
    friend class Volume;

    struct Found : InBlock<Entry> {  // false: there is no such entry
        Entry* before = nullptr;     // null: it is the first of its block
    };

    // With the volume's lock held:

    Result<> store();
    Result<uint32_t> block_of(uint64_t index, bool make_missing);
    Result<uint32_t> cut(InBlock<uint32_t> row, size_t size, unsigned depth, uint64_t first);
    Result<Found> find_entry(uint64_t from, auto is_it);
    Result<Found> find(std::string_view name);
    Result<Found> make_room(size_t size);
    Result<> put_entry(std::string_view name, Node& node);
    Result<> replace_entry(Found found, Node& node);
    Result<> erase_entry(std::string_view name);
    Result<> drop_name(Node& node);
    Result<> fill_new(const DiskInode& disk, Node& parent, std::string_view link_target);
    Result<> drop_index();
    Result<> write_inode() { return TRY(store()), TRY(volume_.inode(id())).write(); }
    uint32_t id() const { return static_cast<uint32_t>(number()); }
    bool is_unused() const { return ref_count() == 1 && (!vmo_ || vmo_->ref_count() == 1); }

    // Without it:

    // How many bytes of the file are in a page.
    size_t bytes_in(uint64_t page) { return std::clamp(size(), page * PAGE_SIZE, (page + 1) * PAGE_SIZE) - page * PAGE_SIZE; }
    Result<> transfer(BlockDevice::Kind kind, uint64_t index, std::span<const std::byte> page);
    Result<> read_page(uint64_t index, std::span<std::byte> page) override;
    Result<> write_page(uint64_t index, std::span<const std::byte> page) override;

    Volume& volume_;
    Ref<Vmo> vmo_;            // of a regular file
    Atomic<uint64_t> size_;   // of all others
    Atomic<uint32_t> touched_;  // the inode in the cache may be out of date
    uint32_t goal_;           // where a block would go well
    Mutex writing_{LockRank::inode};  // held while pages are written: their blocks are not given to others meanwhile
    Atomic<uint32_t> write_failed_;   // since the last fsync(2)
};

}  // namespace ext2
