#include "fs/mount.h"

#include "fs/ext2/ext2.h"

struct Mount : ListNode<Mount> {
    String source;
    Ref<Directory> covered;
    Ref<Directory> root;
};

// Held over mounting as a whole, so that two cannot begin at the same place; the order is the one they were made in.
static constinit Locked<List<Mount, Mount>, Mutex> mounts{LockRank::inode};

constexpr FileSystemType TYPES[] = {
    {"tmpfs", false, [](BlockDevice*, bool) { return make_tmpfs(); }},
    {"ext2", true, ext2::Volume::open},
    {"proc", false, [](BlockDevice*, bool) { return make_procfs(); }},
    {"devtmpfs", false, [](BlockDevice*, bool) { return Result<Ref<Directory>>(devfs_root()); }},
};

// The mount whose root this is; else EINVAL.
static Result<Mount*> find_mount(List<Mount, Mount>& list, const Inode& root) {
    for (Mount& mount : list)
        if (mount.root.get() == &root) return &mount;
    return fail(Errno::EINVAL);
}

Result<> mount(std::string_view type, std::string_view source, Inode* device, Inode& at, bool read_only) {
    const auto* kind = std::ranges::find(TYPES, type, &FileSystemType::name);
    if (kind == std::end(TYPES)) return fail(Errno::ENODEV);
    BlockDevice* disk = kind->needs_device && device ? device->block_device() : nullptr;
    if (kind->needs_device && !disk) return fail(device ? Errno::ENOTBLK : Errno::ENOENT);
    if (!at.as_directory()) return fail(Errno::ENOTDIR);
    auto mount = TRY(make_own<Mount>());
    mount->source = TRY(String::copy(source));
    mount->covered = Ref<Directory>::share(at.as_directory());
    auto list = mounts.lock();
    if (at.file_system().type == "proc" && !find_mount(*list, at)) return fail(Errno::ENOENT);  // each walk makes it anew
    mount->root = TRY(kind->open(disk, read_only));
    if (find_mount(*list, *mount->root)) return fail(Errno::EBUSY);
    LockGuard guard(mount->covered->file_system().names);  // so that it is not removed meanwhile
    if (auto covered = mount->covered->cover(mount->root); !covered) {
        mount->root->file_system().unmounted(*mount->root);
        return covered;
    }
    if (read_only) mount->root->file_system().read_only.store(1);
    list->push_back(*mount.release());
    return {};
}

Result<> remount_read_only(Inode& root) {
    auto list = mounts.lock();
    TRY(find_mount(*list, root));
    return root.file_system().open_files.load() ? fail(Errno::EBUSY) : root.file_system().set_read_only();
}

Result<> unmount(Inode& root) {
    Own<Mount> gone;  // goes when the lock is free again
    auto list = mounts.lock();
    Mount* mount = TRY(find_mount(*list, root));
    FileSystem& fs = root.file_system();
    bool is_busy = fs.open_files.load();
    for (Mount& other : *list) is_busy |= mount->root->contains(*other.covered);
    if (is_busy) return fail(Errno::EBUSY);
    TRY(fs.sync());
    TRY(mount->covered->cover(nullptr));
    mount->unlink();
    gone = Own<Mount>(mount);
    fs.unmounted(*mount->root);
    return {};
}

Result<> sync_file_systems() {
    for (auto list = mounts.lock(); Mount& mount : *list) (void)mount.root->file_system().sync();
    return {};
}

void shut_down_file_systems() {
    for (auto list = mounts.lock(); Mount& mount : *list) (void)mount.root->file_system().set_read_only();
}

void write_mounts(TextSink& out) {
    format_to(out, "rootfs / rootfs rw 0 0\n");
    char buffer[512];
    for (auto list = mounts.lock(); Mount& mount : *list) {
        FileSystem& fs = mount.root->file_system();
        auto path = mount.root->path(buffer);
        std::string_view how = fs.read_only.load() ? "ro" : "rw";
        format_to(out, "{} {} {} {} 0 0\n", mount.source.view(), path.value_or("?"), fs.type, how);
    }
}
