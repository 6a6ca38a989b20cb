// /dev: null, zero, full, random, urandom, console, tty.
#pragma once

#include "base/boot_args.h"
#include "fs/directory.h"

namespace kern {

Result<Ref<Directory>> make_devfs(ConsoleMode console);

// A character device's number as Linux encodes it in st_rdev.
constexpr uint64_t device_number_of(unsigned major, unsigned minor) {
    return (minor & 0xff) | (major & 0xfff) << 8 | uint64_t{minor & ~0xffu} << 12;
}

}  // namespace kern
