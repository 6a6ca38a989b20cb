// System calls that take a path: they open or change what it names, or tell what it is.
#include "fs/mount.h"
#include "syscall/arguments.h"

// The flags of most calls that look at what is there.
constexpr int LOOK_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;

// EFAULT, ENAMETOOLONG, ENOMEM; EBADF and ENOTDIR for `fd`, which an absolute path does not look at; and what walk()
// says.
static Result<Target> walk_user(int fd, VirtAddr path, LastLink last = LastLink::entry) {
    String text = TRY(read_user_path(path));
    Ref<Directory> start;
    if (fd == AT_FDCWD) {
        start = files().working_directory();
    } else if (!text.empty() && !text.view().starts_with('/')) {
        Directory* directory = TRY(get_file(fd))->inode().as_directory();
        if (!directory) return fail(Errno::ENOTDIR);
        start = Ref<Directory>::share(directory);
    }
    Target target = TRY(walk(std::move(start), text.view(), last));
    if (target.text.empty()) target.text = std::move(text);  // the name lies in it
    return target;
}

// The inode a path leads to, or with AT_EMPTY_PATH and an empty one the file behind `fd`. `flags`: AT_SYMLINK_NOFOLLOW,
// too.
static Result<Ref<Inode>> find_inode(int fd, VirtAddr path, int flags = 0) {
    if ((flags & AT_EMPTY_PATH) && TRY(read_user<char>(path)) == 0) {
        if (fd == AT_FDCWD) return Ref<Inode>(files().working_directory());
        return Ref<Inode>::share(&TRY(get_file(fd))->inode());
    }
    Target target = TRY(walk_user(fd, path, flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow));
    return target.inode ? Result<Ref<Inode>>(std::move(target.inode)) : fail(Errno::ENOENT);
}

static uint32_t masked(uint32_t mode) { return mode & PERMISSION_BITS & ~files().umask.load(); }

// OPENING

static Result<int> sys_openat(int fd, VirtAddr path, uint32_t flags, uint32_t mode) {
    using namespace open_flag;
    constexpr uint32_t LARGE_FILE = 0100000, PATH_ONLY = 010000000;
    if (flags & PATH_ONLY) flags &= DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC;  // to read: more than was asked for
    if ((flags & CREATE) && (flags & DIRECTORY)) return fail(Errno::EINVAL);
    Target target = TRY(walk_user(fd, path, last_link_for(flags)));
    Ref<File> file = TRY(open_target(target, flags | LARGE_FILE, masked(mode)));
    return files().table.add(std::move(file), flags & CLOSE_ON_EXEC);
}

// MAKING AND REMOVING NAMES

static Result<> make(int fd, VirtAddr path, const NewInode& what) {
    TRY(create(TRY(walk_user(fd, path)), what));
    return {};
}

static Result<> sys_mkdirat(int fd, VirtAddr path, uint32_t mode) {
    return make(fd, path, {mode_of(InodeType::directory, masked(mode))});
}

// Devices are in /dev alone, and pipes have no names.
static Result<> sys_mknodat(int fd, VirtAddr path, uint32_t mode) {
    InodeType type = mode & TYPE_BITS ? InodeType{mode & TYPE_BITS} : InodeType::regular;
    return type == InodeType::regular ? make(fd, path, {mode_of(type, masked(mode))}) : fail(Errno::EPERM);
}

static Result<> sys_symlinkat(VirtAddr text_at, int fd, VirtAddr path) {
    String text = TRY(read_user_path(text_at));
    if (text.empty()) return fail(Errno::ENOENT);
    return make(fd, path, {mode_of(InodeType::symlink, 0777), text.view()});
}

static Result<> sys_linkat(int old_fd, VirtAddr old_path, int fd, VirtAddr path, int flags) {
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    int how = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    Ref<Inode> inode = TRY(find_inode(old_fd, old_path, how));
    return link(*inode, TRY(walk_user(fd, path)));
}

static Result<> sys_unlinkat(int fd, VirtAddr path, int flags) {
    if (flags & ~AT_REMOVEDIR) return fail(Errno::EINVAL);
    return remove(TRY(walk_user(fd, path)), flags & AT_REMOVEDIR);
}

static Result<> sys_renameat2(int from_fd, VirtAddr from_path, int fd, VirtAddr path, int flags) {
    constexpr int NO_REPLACE = 1;
    if (flags & ~NO_REPLACE) return fail(Errno::EINVAL);
    Target from = TRY(walk_user(from_fd, from_path));
    return rename(from, TRY(walk_user(fd, path)), flags & NO_REPLACE ? Existing::keep : Existing::replace);
}

// CHANGING WHAT A FILE SAYS OF ITSELF

static Result<> sys_truncate(VirtAddr path, int64_t size) {
    if (size < 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(AT_FDCWD, path));
    return inode->as_directory() ? fail(Errno::EISDIR) : inode->truncate(static_cast<uint64_t>(size));
}

static Result<> sys_fchmod(int fd, uint32_t mode) { return TRY(get_file(fd))->inode().set_permissions(mode); }

static Result<> sys_fchmodat(int fd, VirtAddr path, uint32_t mode) { return TRY(find_inode(fd, path))->set_permissions(mode); }

static Result<> sys_fchown(int fd, uint32_t user, uint32_t group) { return TRY(get_file(fd))->inode().set_owner(user, group); }

static Result<> sys_fchownat(int fd, VirtAddr path, uint32_t user, uint32_t group, int flags) {
    if (flags & ~LOOK_FLAGS) return fail(Errno::EINVAL);
    return TRY(find_inode(fd, path, flags))->set_owner(user, group);
}

constexpr Timespec NOW = {0, 0x3fff'ffff}, OMIT = {0, 0x3fff'fffe};  // UTIME_NOW, UTIME_OMIT: the fraction says it

// EINVAL.
static Result<uint64_t> time_from(Timespec wanted, uint64_t before) {
    if (wanted.fraction == NOW.fraction) return dev::wall_clock_ns();
    return wanted.fraction == OMIT.fraction ? before : wanted.ns();
}

// Without a path: the file behind the descriptor.
static Result<> sys_utimensat(int fd, VirtAddr path, VirtAddr times, int flags) {
    using Times = std::array<Timespec, 2>;
    if (flags & ~LOOK_FLAGS) return fail(Errno::EINVAL);
    auto [accessed, modified] = times.value ? TRY(read_user<Times>(times)) : Times{NOW, NOW};
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

// WHAT A FILE SAYS OF ITSELF

constexpr int AT_NO_AUTOMOUNT = 0x800;

// struct stat of asm-generic/stat.h.
struct Stat {
    uint64_t device, inode;
    uint32_t mode, links, user, group;
    uint64_t device_number, pad1, size;
    uint32_t block_size, pad2;
    uint64_t blocks;
    Timespec accessed, modified, changed;
    uint32_t unused[2];
};
static_assert(sizeof(Stat) == 128);

static Stat stat_of(Inode& inode) {
    FileTimes& times = inode.times();
    return {inode.file_system().device, inode.number(), inode.mode(), inode.links(), inode.user(), inode.group(),
            inode.device_number(), 0, inode.size(), PAGE_SIZE, 0, inode.blocks(), Timespec::of(times.accessed.load()),
            Timespec::of(times.modified.load()), Timespec::of(times.changed.load()), {}};
}

static Result<> sys_newfstatat(int fd, VirtAddr path, VirtAddr to, int flags) {
    if (flags & ~(LOOK_FLAGS | AT_NO_AUTOMOUNT)) return fail(Errno::EINVAL);
    return write_user(to, stat_of(*TRY(find_inode(fd, path, flags))));
}

static Result<> sys_fstat(int fd, VirtAddr to) { return write_user(to, stat_of(TRY(get_file(fd))->inode())); }

// struct statx. Its times have nanoseconds of 32 bits with nothing behind them.
struct Statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, user, group, mode;
    uint64_t inode, size, blocks, known_attributes;
    Timespec accessed, born, changed, modified;
    uint32_t device_number[2], device[2];  // major, minor
    uint64_t rest[14];
};
static_assert(sizeof(Statx) == 256);

static Result<> sys_statx(int fd, VirtAddr path, int flags, uint32_t mask, VirtAddr to) {
    constexpr int SYNC_TYPE = 0x6000;
    constexpr uint32_t RESERVED = 0x8000'0000, BASIC = 0x7ff;
    int others = flags & ~(LOOK_FLAGS | AT_NO_AUTOMOUNT | SYNC_TYPE);
    if (others || (flags & SYNC_TYPE) == SYNC_TYPE || (mask & RESERVED)) return fail(Errno::EINVAL);
    Stat stat = stat_of(*TRY(find_inode(fd, path, flags)));
    auto major = [](uint64_t device) { return static_cast<uint32_t>(device >> 8 & 0xfff); };
    auto minor = [](uint64_t device) { return static_cast<uint32_t>((device & 0xff) | (device >> 12 & 0xf'ff00)); };
    return write_user(to, Statx{
        BASIC, stat.block_size, 0, stat.links, stat.user, stat.group, stat.mode, stat.inode, stat.size, stat.blocks, 0,
        stat.accessed, {}, stat.changed, stat.modified, {major(stat.device_number), minor(stat.device_number)},
        {major(stat.device), minor(stat.device)}, {}});
}

// struct statfs, all of it words: kind, size of a block, blocks, free ones, free ones for anybody, inodes, free ones,
// number, longest name, size of a fragment, flags, and four to spare.
static Result<> write_file_system(VirtAddr to, FileSystem& fs) {
    FileSystemSpace space = fs.space();
    const uint64_t words[15] = {fs.magic,    space.block_size,  space.blocks, space.free_blocks, space.free_blocks,
                                space.inodes, space.free_inodes, fs.device,    NAME_LIMIT,        space.block_size,
                                fs.read_only.load()};
    return write_user(to, words);
}

static Result<> sys_statfs(VirtAddr path, VirtAddr to) {
    return write_file_system(to, TRY(find_inode(AT_FDCWD, path))->file_system());
}

static Result<> sys_fstatfs(int fd, VirtAddr to) {
    return write_file_system(to, TRY(get_file(fd))->inode().file_system());
}

static Result<uint64_t> sys_readlinkat(int fd, VirtAddr path, VirtAddr to, int limit) {
    if (limit <= 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(fd, path, AT_SYMLINK_NOFOLLOW));
    String text = TRY(inode->read_link());
    size_t size = std::min(text.size(), static_cast<size_t>(limit));
    TRY(write_user(to, std::as_bytes(std::span(text.data(), size))));
    return size;
}

// Everyone is root here: only what nobody may execute or write is refused.
static Result<> sys_faccessat2(int fd, VirtAddr path, int wanted, int flags) {
    constexpr int EXECUTE = 1, WRITE = 2, ALL = 7, AT_EACCESS = 0x200;
    if ((wanted & ~ALL) || (flags & ~(LOOK_FLAGS | AT_EACCESS))) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(fd, path, flags));
    if ((wanted & EXECUTE) && !inode->as_directory() && !(inode->mode() & 0111)) return fail(Errno::EACCES);
    return (wanted & WRITE) && inode->is_kept() ? inode->check_writable() : Result<>();
}

static Result<> sys_faccessat(int fd, VirtAddr path, int wanted) { return sys_faccessat2(fd, path, wanted, 0); }

static Result<uint64_t> sys_getdents64(int fd, VirtAddr to, uint32_t size) {
    return TRY(get_file(fd))->list({to, size});
}

// MOUNTS

// Of the many flags, those that say what kind of call it is and whether the file system may be written.
static Result<> sys_mount(VirtAddr source, VirtAddr at, VirtAddr type_name, uint64_t flags) {
    constexpr uint64_t READ_ONLY = 1, REMOUNT = 0x20, BIND = 0x1000, MOVE = 0x2000, PROPAGATION = 0x1e'0000;
    String source_name = source.value ? TRY(read_user_path(source)) : String();
    String type = type_name.value ? TRY(read_user_path(type_name)) : String();
    Ref<Inode> place = TRY(find_inode(AT_FDCWD, at));
    if ((flags & REMOUNT) && (flags & READ_ONLY)) return remount_read_only(*place);
    if ((flags & (REMOUNT | BIND | MOVE | PROPAGATION)) || !type_name.value) return fail(Errno::EINVAL);
    auto device = find_inode(AT_FDCWD, source);
    std::string_view shown = source.value ? source_name.view() : "none";
    return mount(type.view(), shown, device ? device->get() : nullptr, *place, flags & READ_ONLY);
}

static Result<> sys_umount2(VirtAddr at, int flags) {
    constexpr int FORCE = 1, NO_FOLLOW = 8;
    if (flags & ~(FORCE | NO_FOLLOW)) return fail(Errno::EINVAL);
    return unmount(*TRY(find_inode(AT_FDCWD, at, flags & NO_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0)));
}

// WHERE A PROCESS IS

static Result<> change_directory(Ref<Inode> inode) {
    if (!inode->as_directory()) return fail(Errno::ENOTDIR);
    files().set_working_directory(TRY(File::open(std::move(inode), 0)));
    return {};
}

static Result<> sys_chdir(VirtAddr path) { return change_directory(TRY(find_inode(AT_FDCWD, path))); }

static Result<> sys_fchdir(int fd) { return change_directory(Ref<Inode>::share(&TRY(get_file(fd))->inode())); }

// Linux gives no path that is longer than what its calls take.
static Result<uint64_t> sys_getcwd(VirtAddr to, uint64_t limit) {
    Vec<char> buffer;
    TRY(buffer.resize(PATH_LIMIT));  // its last byte stays 0
    auto path = files().working_directory()->path({buffer.data(), PATH_LIMIT - 1});
    if (!path) return fail(path.error() == Errno::ERANGE ? Errno::ENAMETOOLONG : path.error());
    size_t size = path->size() + 1;
    if (size > limit) return fail(Errno::ERANGE);
    TRY(write_user(to, std::as_bytes(std::span(path->data(), size))));
    return size;
}

static uint64_t sys_umask(uint32_t mask) { return files().umask.exchange_acquire(mask & 0777); }

constinit const SyscallFamily PATH_SYSCALLS = {
    SYSCALL(17, getcwd), SYSCALL(33, mknodat), SYSCALL(34, mkdirat), SYSCALL(35, unlinkat), SYSCALL(36, symlinkat),
    SYSCALL(37, linkat), SYSCALL(39, umount2), SYSCALL(40, mount), SYSCALL(45, truncate), SYSCALL(49, chdir),
    SYSCALL(50, fchdir), SYSCALL(52, fchmod), SYSCALL(53, fchmodat), SYSCALL(54, fchownat), SYSCALL(55, fchown),
    SYSCALL(56, openat), SYSCALL(88, utimensat), SYSCALL(166, umask), SYSCALL(276, renameat2), SYSCALL(43, statfs),
    SYSCALL(44, fstatfs), SYSCALL(48, faccessat), SYSCALL(61, getdents64), SYSCALL(78, readlinkat),
    SYSCALL(79, newfstatat), SYSCALL(80, fstat), SYSCALL(291, statx), SYSCALL(439, faccessat2),
};
