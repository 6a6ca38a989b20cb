// System calls that take a path and change or open what it names.
#include "dev/board.h"
#include "fs/mount.h"
#include "fs/tree.h"
#include "mm/user_copy.h"
#include "syscall/table.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

uint32_t masked(uint64_t mode) { return static_cast<uint32_t>(mode) & PERMISSION_BITS & ~files().umask.load(); }

constexpr uint32_t mode_of(InodeType type, uint32_t permissions) { return static_cast<uint32_t>(type) | permissions; }

// OPENING

Result<uint64_t> openat(const SyscallArgs& args) {
    constexpr uint32_t LARGE_FILE = 0100000;
    auto flags = static_cast<uint32_t>(args[2]);
    UserPath path = TRY(read_path(args.integer(0), args.address(1)));
    Ref<File> file = TRY(open_path(path.start, path.view(), flags | LARGE_FILE, masked(args[3])));
    return static_cast<uint64_t>(TRY(files().table.add(std::move(file), flags & open_flag::CLOSE_ON_EXEC)));
}

// MAKING AND REMOVING NAMES

Result<> mkdirat(const SyscallArgs& args) {
    UserPath path = TRY(read_path(args.integer(0), args.address(1)));
    TRY(create(TRY(path.entry()), {mode_of(InodeType::directory, masked(args[2]))}));
    return {};
}

Result<> symlinkat(const SyscallArgs& args) {
    String text = TRY(read_user_path(args.address(0)));
    if (text.empty()) return fail(Errno::ENOENT);
    UserPath path = TRY(read_path(args.integer(1), args.address(2)));
    TRY(create(TRY(path.entry()), {mode_of(InodeType::symlink, 0777), text.view()}));
    return {};
}

Result<> linkat(const SyscallArgs& args) {
    int flags = args.integer(4);
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    int how = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    Ref<Inode> inode = TRY(find_inode(args.integer(0), args.address(1), how));
    UserPath path = TRY(read_path(args.integer(2), args.address(3)));
    return link(*inode, TRY(path.entry()));
}

Result<> unlinkat(const SyscallArgs& args) {
    if (args.integer(2) & ~AT_REMOVEDIR) return fail(Errno::EINVAL);
    UserPath path = TRY(read_path(args.integer(0), args.address(1)));
    Target target = TRY(path.entry());
    return args.integer(2) & AT_REMOVEDIR ? remove_directory(target) : unlink(target);
}

Result<> renameat2(const SyscallArgs& args) {
    constexpr int NO_REPLACE = 1;
    if (args.integer(4) & ~NO_REPLACE) return fail(Errno::EINVAL);
    UserPath from = TRY(read_path(args.integer(0), args.address(1)));
    UserPath to = TRY(read_path(args.integer(2), args.address(3)));
    return rename(TRY(from.entry()), TRY(to.entry()), args.integer(4) & NO_REPLACE ? Existing::keep : Existing::replace);
}

// CHANGING WHAT A FILE SAYS OF ITSELF

Result<> sys_truncate(VirtAddr path, int64_t size) {
    if (size < 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(AT_FDCWD, path, 0));
    if (inode->as_directory()) return fail(Errno::EISDIR);
    if (!inode->is(InodeType::regular)) return fail(Errno::EINVAL);
    TRY(inode->check_writable());
    LockGuard guard(inode->changes());
    return inode->resize(static_cast<uint64_t>(size));
}

Result<> sys_fchmod(int fd, uint32_t mode) { return TRY(get_file(fd))->inode().set_permissions(mode); }

Result<> sys_fchmodat(int fd, VirtAddr path, uint32_t mode) { return TRY(find_inode(fd, path, 0))->set_permissions(mode); }

Result<> sys_fchown(int fd, uint32_t user, uint32_t group) { return TRY(get_file(fd))->inode().set_owner(user, group); }

Result<> sys_fchownat(int fd, VirtAddr path, uint32_t user, uint32_t group, int flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    return TRY(find_inode(fd, path, flags))->set_owner(user, group);
}

// struct timespec; UTIME_NOW and UTIME_OMIT stand in for nanoseconds.
struct Timespec {
    static constexpr int64_t NOW = 0x3fff'ffff, OMIT = 0x3fff'fffe;
    int64_t seconds = 0, nanoseconds = NOW;

    bool is_valid() const {
        return nanoseconds == NOW || nanoseconds == OMIT || (0 <= nanoseconds && nanoseconds < 1'000'000'000);
    }
    void store_in(Atomic<uint64_t>& time) const {
        if (nanoseconds == NOW)
            time.store(dev::wall_clock_ns());
        else if (nanoseconds != OMIT)
            time.store(static_cast<uint64_t>(seconds) * 1'000'000'000 + static_cast<uint64_t>(nanoseconds));
    }
};

Result<> utimensat(const SyscallArgs& args) {
    struct Times {
        Timespec accessed, modified;
    } times;
    if (args[2])
        times = TRY(read_user<Times>(args.address(2)));
    if (!times.accessed.is_valid() || !times.modified.is_valid() ||
        (args.integer(3) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return fail(Errno::EINVAL);
    // Without a path: the file behind the descriptor.
    Ref<Inode> inode = args[1] ? TRY(find_inode(args.integer(0), args.address(1), args.integer(3)))
                               : Ref<Inode>::share(&TRY(get_file(args.integer(0)))->inode());
    TRY(inode->check_writable());
    times.accessed.store_in(inode->times().accessed);
    times.modified.store_in(inode->times().modified);
    inode->touch_changed();
    return {};
}

// MOUNTS

// Of the many flags, those that say what kind of call it is and whether the file system may be written.
Result<> sys_mount(VirtAddr source, VirtAddr at, VirtAddr type_name, uint64_t flags) {
    constexpr uint64_t READ_ONLY = 1, REMOUNT = 0x20, BIND = 0x1000, MOVE = 0x2000, PROPAGATION = 0x1e'0000;
    String source_name = source.value ? TRY(read_user_path(source)) : String();
    String type = type_name.value ? TRY(read_user_path(type_name)) : String();
    Ref<Inode> place = TRY(find_inode(AT_FDCWD, at, 0));
    Directory* directory = place->as_directory();
    if (flags & (BIND | MOVE | PROPAGATION)) return fail(Errno::EINVAL);
    if (flags & REMOUNT) return directory ? remount(*directory, flags & READ_ONLY) : fail(Errno::EINVAL);
    if (!type_name.value) return fail(Errno::EINVAL);
    const FileSystemType* kind = TRY(find_file_system_type(type.view()));
    if (!directory) return fail(Errno::ENOTDIR);
    Ref<Inode> device;
    if (kind->needs_device)
        device = TRY(find_inode(AT_FDCWD, source, 0));
    return mount(*kind, source.value ? source_name.view() : "none", std::move(device), *directory, flags & READ_ONLY);
}

Result<> sys_umount2(VirtAddr at, int flags) {
    constexpr int DETACH = 2, NO_FOLLOW = 8, ALL = 15;
    if (flags & ~ALL) return fail(Errno::EINVAL);
    Ref<Inode> place = TRY(find_inode(AT_FDCWD, at, flags & NO_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0));
    Directory* root = place->as_directory();
    return root ? unmount(Ref<Directory>::share(root), flags & DETACH) : fail(Errno::EINVAL);
}

// WHERE A PROCESS IS

Result<> change_directory(Ref<Inode> inode) {
    if (!inode->as_directory()) return fail(Errno::ENOTDIR);
    files().set_working_directory(TRY(File::open(std::move(inode), open_flag::PATH_ONLY)));
    return {};
}

Result<> sys_chdir(VirtAddr path) { return change_directory(TRY(find_inode(AT_FDCWD, path, 0))); }

Result<> sys_fchdir(int fd) { return change_directory(Ref<Inode>::share(&TRY(get_file(fd))->inode())); }

// Linux gives no path that is longer than what its calls take.
Result<uint64_t> getcwd(const SyscallArgs& args) {
    Vec<char> buffer;
    TRY(buffer.resize(PATH_LIMIT));  // its last byte stays 0
    auto path = files().working_directory()->path({buffer.data(), PATH_LIMIT - 1});
    if (!path) return fail(path.error() == Errno::ERANGE ? Errno::ENAMETOOLONG : path.error());
    size_t size = path->size() + 1;
    if (size > args[1]) return fail(Errno::ERANGE);
    TRY(write_user(args.address(0), std::as_bytes(std::span(path->data(), size))));
    return size;
}

Result<uint64_t> umask(const SyscallArgs& args) {
    return files().umask.exchange_acquire(static_cast<uint32_t>(args[0]) & 0777);
}

constexpr Syscall CALLS[] = {
    {39, "umount2", call<sys_umount2>},    {40, "mount", call<sys_mount>},
    {17, "getcwd", getcwd},                {34, "mkdirat", plain<mkdirat>},         {35, "unlinkat", plain<unlinkat>},
    {36, "symlinkat", plain<symlinkat>},   {37, "linkat", plain<linkat>},           {45, "truncate", call<sys_truncate>},
    {49, "chdir", call<sys_chdir>},        {50, "fchdir", call<sys_fchdir>},          {52, "fchmod", call<sys_fchmod>},
    {53, "fchmodat", call<sys_fchmodat>},     {54, "fchownat", call<sys_fchownat>},       {55, "fchown", call<sys_fchown>},
    {56, "openat", openat},                {88, "utimensat", plain<utimensat>},     {166, "umask", umask},
    {276, "renameat2", plain<renameat2>},
};

}  // namespace

constinit const std::span<const Syscall> PATH_SYSCALLS = CALLS;

}  // namespace kern
