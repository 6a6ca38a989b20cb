// What the file system does at boot.
#pragma once

#include <span>

#include "base/boot_args.h"
#include "base/result.h"

namespace kern {

// Makes the root in memory, fills it from the archives that the boot loader put in memory (the kernel's -initrd; empty:
// it stays so), and mounts /dev and /proc. An error has been reported in one line: EINVAL (a malformed archive),
// ENOSPC, ENOMEM and what fs/tree.h says.
Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console);

}  // namespace kern
