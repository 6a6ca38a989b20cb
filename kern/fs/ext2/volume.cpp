// A mounted disk: from its superblock to its cache, and the flusher.

#include "fs/ext2/ext2.h"

namespace ext2 {

constexpr uint64_t SECOND = 1'000'000'000, FLUSH_INTERVAL = 5 * SECOND;

// All that are mounted. Held while the flusher works.
static constinit Locked<List<Volume, Volume>, Mutex> volumes{LockRank::inode};
static constinit WaitQueue flusher;
static constinit Atomic<uint32_t> flush_wanted;

// Why this is nothing that we can mount; null: it is.
static const char* complaint(const Superblock& super, const BlockDevice& device) {
    if (super.magic != MAGIC) return "there is no ext2";
    if (super.incompatible & ~INCOMPATIBLE_KNOWN) return "it has features that this kernel does not know";
    if (super.log_block_size > 2) return "its blocks are larger than a page";
    uint64_t block_size = uint64_t{1024} << super.log_block_size;
    auto is_group = [&](uint32_t size) { return size > 0 && size <= 8 * block_size; };
    bool is_sound = is_group(super.blocks_per_group) && is_group(super.inodes_per_group) &&
                    super.inode_size >= sizeof(DiskInode) && super.inode_size <= block_size &&
                    block_size % super.inode_size == 0 && super.first_block == (super.log_block_size == 0) &&
                    super.block_count > super.first_block && super.inode_count >= ROOT_INODE &&
                    (super.inode_count - 1) / super.inodes_per_group ==
                        (super.block_count - super.first_block - 1) / super.blocks_per_group;
    if (!is_sound) return "its superblock makes no sense";
    bool fits = super.block_count <= device.disk.sector_count() * SECTOR_SIZE / block_size;
    return fits ? nullptr : "it is larger than the disk";
}

// MOUNTING

Volume::Volume(BlockDevice& device, const Superblock& super)
    : FileSystem("ext2", MAGIC, device.device_number()), block_size(size_t{1024} << super.log_block_size),
      inode_size(super.inode_size), numbers_per_block(static_cast<uint32_t>(block_size / sizeof(uint32_t))),
      device_(device), group_count_((super.inode_count - 1) / super.inodes_per_group + 1),
      first_{super.first_block, 1}, per_group_{super.blocks_per_group, super.inodes_per_group},
      count_{super.block_count - super.first_block, super.inode_count} {
    uint64_t blocks = std::min(DIRECT_BLOCKS + span(1) + span(2) + span(3), UINT32_MAX * SECTOR_SIZE / block_size);
    if (super.read_only_compatible & LARGE_FILES) size_limit = blocks * block_size;
}

Result<Ref<Directory>> Volume::open(BlockDevice* device, bool read_only) {
    FrameRef page = TRY(FrameRef::allocate(FrameUse::kernel));
    auto& super = *reinterpret_cast<Superblock*>(page->data());
    auto list = volumes.lock();
    for (Volume& volume : *list)
        if (&volume.device_ == device) return fail(Errno::EBUSY);
    TRY(device->ask(BlockDevice::Kind::read, SUPERBLOCK_AT / SECTOR_SIZE, {page->data(), SUPERBLOCK_AT}));
    if (const char* why = complaint(super, *device)) {
        alert("ext2: vd{} cannot be mounted: {}\n", device->letter, why);
        return fail(Errno::EINVAL);
    }
    auto volume = TRY(make_ref<Volume>(*device, super));
    volume->cache_ = TRY(Vmo::create(uint64_t{super.block_count} * PAGE_SIZE, volume.get()));
    const char* why = super.read_only_compatible & ~READ_ONLY_KNOWN ? "it has features that this kernel does not know"
                      : super.state != STATE_CLEAN ? "it was not unmounted, e2fsck has to look at it first" : nullptr;
    if (why) alert("ext2: vd{} is mounted read-only: {}\n", device->letter, why);
    volume->read_only.store(1);
    static constinit bool has_flusher = false;
    if (!has_flusher) {
        auto thread = TRY(make_own<Thread>());
        TRY(thread->prepare(flush_for_ever));
        Scheduler::wake(*thread.release());
        has_flusher = true;
    }
    LockGuard guard(volume->lock);
    Ref<Node> root = TRY(volume->node(ROOT_INODE));
    Result<> begun = root->as_directory() ? Result<>() : fail(Errno::EINVAL);
    if (begun && !read_only && !why && !device->disk.is_read_only()) begun = volume->mark(false);
    if (!begun) return volume->drop_nodes(), fail(begun.error());
    if (auto found = root->find("lost+found"); found && *found) volume->shelter_ = (*found)->inode;
    list->push_back(*volume);
    return Ref<Directory>(root);
}

// They hold the volume, which goes with the last of them.
void Volume::drop_nodes() {
    for_each_node([](Node& node) {
        static_cast<ListNode<Node>&>(node).unlink();
        Ref<Node>::adopt(&node);
    });
}

// Says on the disk whether it is at rest.
Result<> Volume::mark(bool clean) {
    auto super = TRY(this->super());
    super->state = clean ? STATE_CLEAN : 0;
    TRY(super.write());
    TRY(device_.ask(BlockDevice::Kind::flush));
    read_only.store(clean);
    at_rest_.store(clean);
    return {};
}

Result<> Volume::set_read_only() {
    if (read_only.exchange_acquire(1)) return {};
    Result<> synced = sync();
    LockGuard guard(lock);
    for_each_node([&](Node& node) { if (!node.links()) (void)free_node(node); });
    TRY(write_metadata());
    TRY(synced);
    return mark(true);
}

void Volume::unmounted(Directory&) {
    auto list = volumes.lock();
    unlink();
    (void)set_read_only();
    LockGuard guard(lock);
    drop_nodes();
}

FileSystemSpace Volume::space() {
    LockGuard guard(lock);
    sweep(false);
    FileSystemSpace space{block_size, count_[BLOCK], 0, count_[INODE], 0};
    if (auto super = this->super()) {
        space.free_blocks = (*super)->free[BLOCK];
        space.free_inodes = (*super)->free[INODE];
    }
    return space;
}

// THE CACHE

Result<> Volume::clear(uint32_t number, Entry first) {
    auto fresh = TRY(at<Entry>(number));
    memset(static_cast<void*>(fresh.item), 0, block_size);
    *fresh.item = first;
    return fresh.write();
}

// Brings the inodes in the cache up to date.
Result<> Volume::store_touched() {
    Result<> result;
    for_each_node([&](Node& node) {
        if (auto stored = node.touched_.load() ? node.store() : Result<>(); !stored) result = stored;
    });
    return result;
}

Result<> Volume::write_metadata() {
    Result<> stored = store_touched();
    TRY(cache_->write_back(0, UINT64_MAX));
    return stored;
}

Result<> Volume::commit() {
    TRY((LockGuard(lock), write_metadata()));
    return device_.ask(BlockDevice::Kind::flush);
}

Result<> Volume::sync() {
    Vec<Ref<Node>> nodes;
    Result<> result;
    {
        LockGuard guard(lock);
        for_each_node([&](Node& node) {
            if (node.vmo_ && node.links() && result) result = nodes.push(Ref<Node>::share(&node));
        });
    }
    for (Ref<Node>& node : nodes)
        if (auto written = node->vmo_->write_back(0, UINT64_MAX); !written) result = written;
    TRY(commit());
    return result;
}

// INODES IN MEMORY

void Volume::for_each_node(auto visit) {
    for (auto& bucket : nodes_)
        for (auto place = bucket.begin(); place != bucket.end();) visit(*place++);
}

Result<InBlock<DiskInode>> Volume::inode(uint32_t number) {
    uint32_t index = number - first_[INODE];
    if (index >= count_[INODE]) return fail(Errno::EIO);
    return at<DiskInode>(TRY(group(index / per_group_[INODE]))->inode_table, index % per_group_[INODE] * inode_size);
}

Result<Ref<Node>> Volume::add_node(uint32_t number, const DiskInode& disk) {
    if (node_count_ >= next_sweep_) {
        sweep(true);
        next_sweep_ = node_count_ + 1024;
    }
    auto node = TRY(make_ref<Node>(*this, number, disk));
    uint64_t size = disk.size_low | (node->is(InodeType::regular) ? uint64_t{disk.size_high} << 32 : 0);
    if (size > size_limit) return fail(Errno::EIO);
    node->size_.store(size);
    if (node->is(InodeType::regular)) node->vmo_ = TRY(Vmo::create(size, node.get()));
    nodes_[number % std::size(nodes_)].push_front(*Ref<Node>(node).release());
    node_count_++;
    return node;
}

Result<Ref<Node>> Volume::node(uint32_t number) {
    for (Node& node : nodes_[number % std::size(nodes_)])
        if (node.number() == number) return Ref<Node>::share(&node);
    auto disk = TRY(inode(number));
    return disk->links ? add_node(number, *disk.item) : fail(Errno::ENOENT);
}

// Frees what has no name and that nobody has open any more, and says whether there was any. What else is not in use,
// and as the disk has it, goes out of memory if `drop_unused`.
bool Volume::sweep(bool drop_unused) {
    bool freed = false;
    for_each_node([&](Node& node) {
        bool has_name = node.links();
        if (!node.is_unused() || (has_name && !drop_unused)) return;
        if (has_name ? !node.store() || (node.vmo_ && !node.vmo_->is_clean()) : !free_node(node)) return;
        freed |= !has_name;
        static_cast<ListNode<Node>&>(node).unlink();
        node_count_--;
        Ref<Node>::adopt(&node);
    });
    return freed;
}

// THE FLUSHER

void Volume::wake_flusher() {
    flush_wanted.store(1);
    flusher.wake_all();
}

void Volume::flush_for_ever(Thread&) {
    for (uint64_t next = 0;;) {
        (void)flusher.wait_until([] { return flush_wanted.exchange_acquire(0) != 0; }, next);
        bool writes = arch::now_ns() >= next || Vmo::dirty_pages() > Vmo::dirty_limit() / 2;
        if (writes) next = arch::now_ns() + FLUSH_INTERVAL;
        auto list = volumes.lock();
        for (Volume& volume : *list) {
            volume.lock.lock();
            volume.sweep(false);
            (void)volume.store_touched();
            volume.lock.unlock();
            if (writes && Vmo::dirty_pages() && !volume.read_only.load()) (void)volume.sync();
        }
    }
}

}  // namespace ext2
