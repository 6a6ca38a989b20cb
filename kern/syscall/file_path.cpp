// System calls that take a path and change or open what it names.
#include "dev/board.h"
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

Result<> truncate(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[1]) < 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(AT_FDCWD, args.address(0), 0));
    if (inode->as_directory()) return fail(Errno::EISDIR);
    LockGuard guard(inode->changes());
    return inode->resize(args[1]);
}

Result<> fchmod(const SyscallArgs& args) {
    TRY(get_file(args.integer(0)))->inode().set_permissions(static_cast<uint32_t>(args[1]));
    return {};
}

Result<> fchmodat(const SyscallArgs& args) {
    TRY(find_inode(args.integer(0), args.address(1), 0))->set_permissions(static_cast<uint32_t>(args[2]));
    return {};
}

Result<> fchown(const SyscallArgs& args) {
    TRY(get_file(args.integer(0)))->inode().set_owner(static_cast<uint32_t>(args[1]), static_cast<uint32_t>(args[2]));
    return {};
}

Result<> fchownat(const SyscallArgs& args) {
    if (args.integer(4) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(args.integer(0), args.address(1), args.integer(4)));
    inode->set_owner(static_cast<uint32_t>(args[2]), static_cast<uint32_t>(args[3]));
    return {};
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
    times.accessed.store_in(inode->times().accessed);
    times.modified.store_in(inode->times().modified);
    inode->touch_changed();
    return {};
}

// WHERE A PROCESS IS

Result<> change_directory(Inode& inode) {
    Directory* directory = inode.as_directory();
    if (!directory) return fail(Errno::ENOTDIR);
    files().set_working_directory(Ref<Directory>::share(directory));
    return {};
}

Result<> chdir(const SyscallArgs& args) { return change_directory(*TRY(find_inode(AT_FDCWD, args.address(0), 0))); }

Result<> fchdir(const SyscallArgs& args) { return change_directory(TRY(get_file(args.integer(0)))->inode()); }

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
    {17, "getcwd", getcwd},                {34, "mkdirat", plain<mkdirat>},         {35, "unlinkat", plain<unlinkat>},
    {36, "symlinkat", plain<symlinkat>},   {37, "linkat", plain<linkat>},           {45, "truncate", plain<truncate>},
    {49, "chdir", plain<chdir>},           {50, "fchdir", plain<fchdir>},           {52, "fchmod", plain<fchmod>},
    {53, "fchmodat", plain<fchmodat>},     {54, "fchownat", plain<fchownat>},       {55, "fchown", plain<fchown>},
    {56, "openat", openat},                {88, "utimensat", plain<utimensat>},     {166, "umask", umask},
    {276, "renameat2", plain<renameat2>},
};

}  // namespace

constinit const std::span<const Syscall> PATH_SYSCALLS = CALLS;

}  // namespace kern
