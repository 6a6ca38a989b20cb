// What the file system does at boot.
#pragma once

#include <cstddef>
#include <span>

#include "base/boot_args.h"
#include "base/result.h"

namespace kern {

// Makes the root in memory, fills it from the initramfs (empty: it stays so), and mounts /dev and /proc. An error has been
// reported in one line.
Result<> mount_root(std::span<const std::byte> initramfs, ConsoleMode console);

}  // namespace kern
