#include "fs/boot.h"

#include "base/print.h"
#include "fs/devfs.h"
#include "fs/mount.h"
#include "fs/ramfs.h"
#include "fs/tree.h"

namespace kern {

namespace {

constinit FileSystem rootfs("rootfs", 0x01021994, 2);  // Linux's root in memory is a tmpfs

Result<> mount_on(Ref<Directory> root, std::string_view name, std::string_view type) {
    Target place = TRY(walk(root, name, LastLink::follow));
    Ref<Inode> at = place.inode ? place.inode : TRY(create(place, {static_cast<uint32_t>(InodeType::directory) | 0755}));
    if (!at->as_directory()) return fail(Errno::ENOTDIR);
    return mount(*TRY(find_file_system_type(type)), type, nullptr, *at->as_directory(), false);
}

// What the archive holds below /dev and /proc lies under what is mounted there.
Result<> mount_all(std::span<const std::byte> initramfs, ConsoleMode console) {
    Ref<Directory> root = TRY(make_ref<RamDirectory>(rootfs, 0755));
    set_root_directory(root);
    TRY(make_devfs(console));
    if (!initramfs.empty())
        TRY(unpack_initramfs(root, initramfs));
    TRY(mount_on(root, "dev", "devtmpfs"));
    return mount_on(root, "proc", "proc");
}

}  // namespace

Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console) {
    auto result = mount_all(initramfs, console);
    if (!result)
        alert("the root file system cannot be set up (error {})\n", result.error());
    return result;
}

}  // namespace kern
