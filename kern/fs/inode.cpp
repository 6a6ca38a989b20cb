#include "fs/inode.h"

#include "dev/board.h"
#include "fs/directory.h"

namespace kern {

namespace {
constinit WaitQueue pollers;
}  // namespace

Inode::Inode(FileSystem& fs, uint32_t mode) : Inode(fs, mode, fs.new_inode_number()) {}

Inode::Inode(FileSystem& fs, uint32_t mode, uint64_t number) : fs_(fs), number_(number), mode_(mode) {
    uint64_t now = dev::wall_clock_ns();
    times_.accessed.store(now);
    times_.modified.store(now);
    times_.changed.store(now);
}

Directory* Inode::as_directory() { return is(InodeType::directory) ? static_cast<Directory*>(this) : nullptr; }

void Inode::set_permissions(uint32_t permissions) {
    mode_.store((mode() & TYPE_BITS) | (permissions & PERMISSION_BITS));
    touch_changed();
}

void Inode::set_owner(uint32_t user, uint32_t group) {
    if (user != UINT32_MAX)
        user_.store(user);
    if (group != UINT32_MAX)
        group_.store(group);
    touch_changed();
}

void Inode::touch_modified() {
    uint64_t now = dev::wall_clock_ns();
    times_.modified.store(now);
    times_.changed.store(now);
}

void Inode::touch_changed() { times_.changed.store(dev::wall_clock_ns()); }

WaitQueue& poll_queue() { return pollers; }

}  // namespace kern
