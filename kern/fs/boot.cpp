#include "fs/boot.h"

#include "base/print.h"
#include "fs/devfs.h"
#include "fs/procfs.h"
#include "fs/ramfs.h"

namespace kern {

namespace {

constinit FileSystem rootfs("rootfs", 0x01021994, 2);  // Linux's root in memory is a tmpfs

Result<> mount_all(std::span<const std::byte> initramfs, ConsoleMode console) {
    auto root = TRY(make_ref<RamDirectory>(rootfs, 0755));
    TRY(root->mount("dev", TRY(make_devfs(console))));
    TRY(root->mount("proc", TRY(make_procfs())));
    set_root_directory(root);
    return initramfs.empty() ? Result<>() : unpack_initramfs(root, initramfs);
}

}  // namespace

Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console) {
    auto result = mount_all(initramfs, console);
    if (!result)
        alert("the root file system cannot be set up (error {})\n", result.error());
    return result;
}

}  // namespace kern
