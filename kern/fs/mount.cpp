#include "fs/mount.h"

#include "fs/devfs.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"

namespace kern {

namespace {

struct Mount : ListNode<Mount> {
    String source;
    Ref<Directory> covered;
    Ref<Directory> root;
};

// Held over mounting as a whole, so that two cannot begin at the same place; the order is the one they were made in.
constinit Locked<List<Mount, Mount>, Mutex> mounts{LockRank::inode};

constexpr FileSystemType TYPES[] = {
    {"tmpfs", false, [](dev::BlockDevice*, bool) { return make_tmpfs(); }},
    {"proc", false, [](dev::BlockDevice*, bool) { return make_procfs(); }},
    {"devtmpfs", false, [](dev::BlockDevice*, bool) { return Result<Ref<Directory>>(devfs_root()); }},
};

Mount* find_mount(List<Mount, Mount>& list, const Directory& root) {
    for (Mount& mount : list)
        if (mount.root.get() == &root) return &mount;
    return nullptr;
}

bool has_mount_in(List<Mount, Mount>& list, const FileSystem& fs) {
    for (Mount& mount : list)
        if (&mount.covered->file_system() == &fs) return true;
    return false;
}

}  // namespace

Result<const FileSystemType*> find_file_system_type(std::string_view name) {
    for (const FileSystemType& type : TYPES)
        if (type.name == name) return &type;
    return fail(Errno::ENODEV);
}

Result<> mount(const FileSystemType& type, std::string_view source, Ref<Inode> device, Directory& at, bool read_only) {
    dev::BlockDevice* disk = device && type.needs_device ? device->block_device() : nullptr;
    if (type.needs_device && !disk) return fail(Errno::ENOTBLK);
    auto mount = TRY(make_own<Mount>());
    mount->source = TRY(String::copy(source));
    mount->covered = Ref<Directory>::share(&at);
    auto list = mounts.lock();
    mount->root = TRY(type.open(disk, read_only));
    if (find_mount(*list, *mount->root)) return fail(Errno::EBUSY);
    TRY(at.cover(mount->root));
    if (read_only)
        mount->root->file_system().read_only.store(1);
    list->push_back(*mount.release());
    return {};
}

Result<> remount(Directory& root, bool read_only) {
    auto list = mounts.lock();
    if (!find_mount(*list, root)) return fail(Errno::EINVAL);
    root.file_system().read_only.store(read_only);
    return root.file_system().sync();
}

Result<> unmount(Ref<Directory> root, bool even_if_busy) {
    Own<Mount> gone;  // goes when the lock is free again
    auto list = mounts.lock();
    Mount* mount = find_mount(*list, *root);
    if (!mount) return fail(Errno::EINVAL);
    FileSystem& fs = root->file_system();
    if (!even_if_busy && (fs.open_files.load() || root->is_mount_point() || has_mount_in(*list, fs))) return fail(Errno::EBUSY);
    TRY(fs.sync());
    TRY(mount->covered->cover(nullptr));
    mount->unlink();
    gone = Own<Mount>(mount);
    fs.unmounted(*root);
    return {};
}

void sync_file_systems() {
    for (auto list = mounts.lock(); Mount& mount : *list)
        (void)mount.root->file_system().sync();
}

void write_mounts(TextSink& out) {
    format_to(out, "rootfs / rootfs rw 0 0\n");
    char buffer[512];
    for (auto list = mounts.lock(); Mount& mount : *list) {
        FileSystem& fs = mount.root->file_system();
        auto path = mount.root->path(buffer);
        format_to(out, "{} {} {} {} 0 0\n", mount.source.view(), path.value_or("?"), fs.type, fs.read_only.load() ? "ro" : "rw");
    }
}

}  // namespace kern
