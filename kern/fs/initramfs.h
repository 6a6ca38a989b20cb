// Filling the root directory from the archives that the boot loader put in memory (the kernel's -initrd).
#pragma once

#include <span>

#include "fs/directory.h"

namespace kern {

// A later entry replaces an earlier one of the same name; directories are merged. On an error one line says what is wrong
// and where; what came before it is there. EINVAL (malformed), ENOSPC, ENOMEM and what fs/tree.h says.
Result<> unpack_initramfs(Ref<Directory> root, std::span<const std::byte> archives);

}  // namespace kern
