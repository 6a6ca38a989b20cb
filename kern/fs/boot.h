// What the file system does at boot.
#pragma once

#include <span>

#include "base/boot_args.h"
#include "fs/directory.h"

namespace kern {

// Makes the root in memory, mounts /dev and /proc, and fills it from the initramfs (empty: it stays so). An error has been
// reported in one line.
Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console);

// Fills the root directory from the archives that the boot loader put in memory (the kernel's -initrd). A later entry
// replaces an earlier one of the same name; directories are merged. On an error one line says what is wrong and where; what
// came before it is there. EINVAL (malformed), ENOSPC, ENOMEM and what fs/tree.h says.
Result<> unpack_initramfs(Ref<Directory> root, std::span<const std::byte> archives);

}  // namespace kern
