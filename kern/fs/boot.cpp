#include "fs/boot.h"

#include "base/print.h"
#include "fs/devfs.h"
#include "fs/initramfs.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"
#include "fs/tree.h"

namespace kern {

namespace {

constinit FileSystem rootfs("rootfs", 0x01021994, 2);  // Linux's root in memory is a tmpfs

Result<> mount_at(std::string_view path, Ref<Directory> root) {
    Target target = TRY(walk(root_directory(), path, LastLink::follow));
    Ref<Inode> point = target.inode;
    if (!point)
        point = TRY(create(target, {static_cast<uint32_t>(InodeType::directory) | 0755}));
    Directory* directory = point->as_directory();
    return directory ? directory->mount(std::move(root)) : fail(Errno::ENOTDIR);
}

Result<> mount_all(std::span<const std::byte> initramfs, ConsoleMode console) {
    set_root_directory(TRY(RamDirectory::make(rootfs, 0755)));
    if (!initramfs.empty())
        TRY(unpack_initramfs(root_directory(), initramfs));
    TRY(mount_at("/dev", TRY(make_devfs(console))));
    return mount_at("/proc", TRY(make_procfs()));
}

}  // namespace

Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console) {
    auto result = mount_all(initramfs, console);
    if (!result)
        alert("the root file system cannot be set up (error {})\n", result.error());
    return result;
}

}  // namespace kern
