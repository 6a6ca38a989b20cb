#include "fs/inode.h"

#include "dev/board.h"
#include "fs/file.h"

Inode::Inode(FileSystem& fs, uint32_t mode, uint32_t links, uint64_t number)
    : mode_(mode), links_(links), fs_(Ref<FileSystem>::share(&fs)),
      number_(number ? number : fs.last_inode_.fetch_add(1) + 1) {
    for (Atomic<uint64_t>* time : {&times_.accessed, &times_.modified, &times_.changed})
        time->store(dev::wall_clock_ns());
}

FileSystemSpace FileSystem::space() { return {PAGE_SIZE, total_frame_count(), free_frame_count(), 0, 0}; }

uint64_t Inode::blocks() { return is(InodeType::regular) ? align_up(size(), PAGE_SIZE) / 512 : 0; }

Result<Ref<File>> Inode::linked_file() { return Ref<File>(); }

Result<> Inode::sync() {
    Ref<Vmo> pages = vmo();
    return pages ? pages->write_back(0, UINT64_MAX) : Result<>();
}

Result<> Inode::truncate(uint64_t size) {
    if (!is(InodeType::regular)) return fail(Errno::EINVAL);
    TRY(check_writable());
    LockGuard guard(changes_);
    TRY(resize(size));
    touch_modified();
    return {};
}

Directory* Inode::as_directory() { return is(InodeType::directory) ? static_cast<Directory*>(this) : nullptr; }

Result<> Inode::set_permissions(uint32_t permissions) {
    TRY(check_writable());
    mode_.store((mode() & TYPE_BITS) | (permissions & PERMISSION_BITS));
    touch_changed();
    return {};
}

Result<> Inode::set_owner(uint32_t user, uint32_t group) {
    TRY(check_writable());
    user_.store(user == UINT32_MAX ? user_.load() : user);
    group_.store(group == UINT32_MAX ? group_.load() : group);
    touch_changed();
    return {};
}

void Inode::touch_modified() {
    times_.modified.store(dev::wall_clock_ns());
    touch_changed();
}

void Inode::touch_changed() {
    times_.changed.store(dev::wall_clock_ns());
    changed();
}

constinit WaitQueue pollers;
