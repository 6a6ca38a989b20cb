// System calls that take a path and change or open what it names.
#include "dev/board.h"
#include "fs/mount.h"
#include "syscall/table.h"
#include "syscall/timespec.h"
#include "syscall/user_path.h"

namespace kern {

Result<Target> walk_user(int fd, VirtAddr path, LastLink last) {
    String text = TRY(read_user_path(path));
    Ref<Directory> start;
    if (fd == AT_FDCWD) {
        start = files().working_directory();
    } else if (!text.empty() && !text.view().starts_with('/')) {
        Directory* directory = TRY(get_any_file(fd))->inode().as_directory();
        if (!directory) return fail(Errno::ENOTDIR);
        start = Ref<Directory>::share(directory);
    }
    Target target = TRY(walk(std::move(start), text.view(), last));
    if (target.text.empty())
        target.text = std::move(text);  // the name lies in it
    return target;
}

Result<Ref<Inode>> find_inode(int fd, VirtAddr path, int flags) {
    if ((flags & AT_EMPTY_PATH) && TRY(read_user<char>(path)) == 0) {
        if (fd == AT_FDCWD) return Ref<Inode>(files().working_directory());
        return Ref<Inode>::share(&TRY(get_any_file(fd))->inode());
    }
    Target target = TRY(walk_user(fd, path, flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow));
    return target.inode ? Result<Ref<Inode>>(std::move(target.inode)) : fail(Errno::ENOENT);
}

namespace {

uint32_t masked(uint32_t mode) { return mode & PERMISSION_BITS & ~files().umask.load(); }

// OPENING

Result<int> sys_openat(int fd, VirtAddr path, uint32_t flags, uint32_t mode) {
    using namespace open_flag;
    constexpr uint32_t LARGE_FILE = 0100000;
    if (flags & PATH_ONLY)
        flags &= PATH_ONLY | DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC;
    if ((flags & CREATE) && (flags & DIRECTORY)) return fail(Errno::EINVAL);
    Target target = TRY(walk_user(fd, path, last_link_for(flags)));
    Ref<File> file = TRY(open_target(target, flags | LARGE_FILE, masked(mode)));
    return files().table.add(std::move(file), flags & CLOSE_ON_EXEC);
}

// MAKING AND REMOVING NAMES

Result<> sys_mkdirat(int fd, VirtAddr path, uint32_t mode) {
    TRY(create(TRY(walk_user(fd, path)), {mode_of(InodeType::directory, masked(mode))}));
    return {};
}

// Devices are in /dev alone.
Result<> sys_mknodat(int fd, VirtAddr path, uint32_t mode, uint32_t device) {
    InodeType type = mode & TYPE_BITS ? InodeType{mode & TYPE_BITS} : InodeType::regular;
    if (type == InodeType::directory) return fail(Errno::EPERM);
    if (type == InodeType::symlink) return fail(Errno::EINVAL);
    TRY(create(TRY(walk_user(fd, path)), {mode_of(type, masked(mode)), {}, device}));
    return {};
}

Result<> sys_symlinkat(VirtAddr text_at, int fd, VirtAddr path) {
    String text = TRY(read_user_path(text_at));
    if (text.empty()) return fail(Errno::ENOENT);
    TRY(create(TRY(walk_user(fd, path)), {mode_of(InodeType::symlink, 0777), text.view()}));
    return {};
}

Result<> sys_linkat(int old_fd, VirtAddr old_path, int fd, VirtAddr path, int flags) {
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    int how = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    Ref<Inode> inode = TRY(find_inode(old_fd, old_path, how));
    return link(*inode, TRY(walk_user(fd, path)));
}

Result<> sys_unlinkat(int fd, VirtAddr path, int flags) {
    if (flags & ~AT_REMOVEDIR) return fail(Errno::EINVAL);
    return remove(TRY(walk_user(fd, path)), flags & AT_REMOVEDIR);
}

Result<> sys_renameat2(int from_fd, VirtAddr from_path, int fd, VirtAddr path, int flags) {
    constexpr int NO_REPLACE = 1;
    if (flags & ~NO_REPLACE) return fail(Errno::EINVAL);
    Target from = TRY(walk_user(from_fd, from_path));
    return rename(from, TRY(walk_user(fd, path)), flags & NO_REPLACE ? Existing::keep : Existing::replace);
}

// CHANGING WHAT A FILE SAYS OF ITSELF

Result<> sys_truncate(VirtAddr path, int64_t size) {
    if (size < 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(AT_FDCWD, path));
    return inode->as_directory() ? fail(Errno::EISDIR) : inode->truncate(static_cast<uint64_t>(size));
}

Result<> sys_fchmod(int fd, uint32_t mode) { return TRY(get_file(fd))->inode().set_permissions(mode); }

Result<> sys_fchmodat(int fd, VirtAddr path, uint32_t mode) { return TRY(find_inode(fd, path))->set_permissions(mode); }

Result<> sys_fchown(int fd, uint32_t user, uint32_t group) { return TRY(get_file(fd))->inode().set_owner(user, group); }

Result<> sys_fchownat(int fd, VirtAddr path, uint32_t user, uint32_t group, int flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    return TRY(find_inode(fd, path, flags))->set_owner(user, group);
}

// UTIME_NOW and UTIME_OMIT stand in for nanoseconds. EINVAL.
Result<uint64_t> time_from(Timespec wanted, uint64_t before) {
    constexpr int64_t NOW = 0x3fff'ffff, OMIT = 0x3fff'fffe;
    if (wanted.nanoseconds == NOW) return dev::wall_clock_ns();
    if (wanted.nanoseconds == OMIT) return before;
    if (static_cast<uint64_t>(wanted.nanoseconds) >= NS_PER_SECOND) return fail(Errno::EINVAL);
    return static_cast<uint64_t>(wanted.seconds) * NS_PER_SECOND + static_cast<uint64_t>(wanted.nanoseconds);
}

// Without a path: the file behind the descriptor.
Result<> sys_utimensat(int fd, VirtAddr path, VirtAddr times, int flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    Timespec accessed = Timespec::of(dev::wall_clock_ns()), modified = accessed;
    if (times.value) {
        accessed = TRY(read_user<Timespec>(times));
        modified = TRY(read_user<Timespec>(times + sizeof(Timespec)));
    }
    Ref<Inode> inode = path.value ? TRY(find_inode(fd, path, flags)) : Ref<Inode>::share(&TRY(get_file(fd))->inode());
    FileTimes& now = inode->times();
    uint64_t new_accessed = TRY(time_from(accessed, now.accessed.load()));
    uint64_t new_modified = TRY(time_from(modified, now.modified.load()));
    TRY(inode->check_writable());
    now.accessed.store(new_accessed);
    now.modified.store(new_modified);
    inode->touch_changed();
    return {};
}

// MOUNTS

// Of the many flags, those that say what kind of call it is and whether the file system may be written.
Result<> sys_mount(VirtAddr source, VirtAddr at, VirtAddr type_name, uint64_t flags) {
    constexpr uint64_t READ_ONLY = 1, REMOUNT = 0x20, BIND = 0x1000, MOVE = 0x2000, PROPAGATION = 0x1e'0000;
    String source_name = source.value ? TRY(read_user_path(source)) : String();
    String type = type_name.value ? TRY(read_user_path(type_name)) : String();
    Ref<Inode> place = TRY(find_inode(AT_FDCWD, at));
    if (flags & REMOUNT) return remount(*place, flags & READ_ONLY);
    if ((flags & (BIND | MOVE | PROPAGATION)) || !type_name.value) return fail(Errno::EINVAL);
    auto device = find_inode(AT_FDCWD, source);
    std::string_view shown = source.value ? source_name.view() : "none";
    return mount(type.view(), shown, device ? device->get() : nullptr, *place, flags & READ_ONLY);
}

Result<> sys_umount2(VirtAddr at, int flags) {
    constexpr int DETACH = 2, NO_FOLLOW = 8, ALL = 15;
    if (flags & ~ALL) return fail(Errno::EINVAL);
    return unmount(*TRY(find_inode(AT_FDCWD, at, flags & NO_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0)), flags & DETACH);
}

// WHERE A PROCESS IS

Result<> change_directory(Ref<Inode> inode) {
    if (!inode->as_directory()) return fail(Errno::ENOTDIR);
    files().set_working_directory(TRY(File::open(std::move(inode), open_flag::PATH_ONLY)));
    return {};
}

Result<> sys_chdir(VirtAddr path) { return change_directory(TRY(find_inode(AT_FDCWD, path))); }

Result<> sys_fchdir(int fd) { return change_directory(Ref<Inode>::share(&TRY(get_any_file(fd))->inode())); }

// Linux gives no path that is longer than what its calls take.
Result<uint64_t> sys_getcwd(VirtAddr to, uint64_t limit) {
    Vec<char> buffer;
    TRY(buffer.resize(PATH_LIMIT));  // its last byte stays 0
    auto path = files().working_directory()->path({buffer.data(), PATH_LIMIT - 1});
    if (!path) return fail(path.error() == Errno::ERANGE ? Errno::ENAMETOOLONG : path.error());
    size_t size = path->size() + 1;
    if (size > limit) return fail(Errno::ERANGE);
    TRY(write_user(to, std::as_bytes(std::span(path->data(), size))));
    return size;
}

uint64_t sys_umask(uint32_t mask) { return files().umask.exchange_acquire(mask & 0777); }

constexpr Syscall CALLS[] = {
    {17, "getcwd", call<sys_getcwd>},       {33, "mknodat", call<sys_mknodat>},     {34, "mkdirat", call<sys_mkdirat>},
    {35, "unlinkat", call<sys_unlinkat>},   {36, "symlinkat", call<sys_symlinkat>}, {37, "linkat", call<sys_linkat>},
    {39, "umount2", call<sys_umount2>},     {40, "mount", call<sys_mount>},
    {45, "truncate", call<sys_truncate>},
    {49, "chdir", call<sys_chdir>},         {50, "fchdir", call<sys_fchdir>},       {52, "fchmod", call<sys_fchmod>},
    {53, "fchmodat", call<sys_fchmodat>},   {54, "fchownat", call<sys_fchownat>},   {55, "fchown", call<sys_fchown>},
    {56, "openat", call<sys_openat>},       {88, "utimensat", call<sys_utimensat>}, {166, "umask", call<sys_umask>},
    {276, "renameat2", call<sys_renameat2>},
};

}  // namespace

constinit const std::span<const Syscall> PATH_SYSCALLS = CALLS;

}  // namespace kern
