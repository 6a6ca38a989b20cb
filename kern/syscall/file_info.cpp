// System calls that say what a file is: stat(2) and its kin, directory listings, what a link says, whether access is
// granted.
#include "syscall/table.h"
#include "syscall/timespec.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

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

Stat stat_of(Inode& inode) {
    FileTimes& times = inode.times();
    return {inode.file_system().device, inode.number(), inode.mode(), inode.links(), inode.user(), inode.group(),
            inode.device_number(), 0, inode.size(), PAGE_SIZE, 0, inode.blocks(), Timespec::of(times.accessed.load()),
            Timespec::of(times.modified.load()), Timespec::of(times.changed.load()), {}};
}

Result<> sys_newfstatat(int fd, VirtAddr path, VirtAddr to, int flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) return fail(Errno::EINVAL);
    return write_user(to, stat_of(*TRY(find_inode(fd, path, flags))));
}

Result<> sys_fstat(int fd, VirtAddr to) { return write_user(to, stat_of(TRY(get_any_file(fd))->inode())); }

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

Result<> sys_statx(int fd, VirtAddr path, int flags, uint32_t mask, VirtAddr to) {
    constexpr int SYNC_TYPE = 0x6000;
    constexpr uint32_t RESERVED = 0x8000'0000, BASIC = 0x7ff;
    int others = flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | SYNC_TYPE);
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
Result<> write_file_system(VirtAddr to, FileSystem& fs) {
    FileSystemSpace space = fs.space();
    const uint64_t words[15] = {fs.magic,    space.block_size,  space.blocks, space.free_blocks, space.free_blocks,
                                space.inodes, space.free_inodes, fs.device,    NAME_LIMIT,        space.block_size,
                                fs.read_only.load()};
    return write_user(to, words);
}

Result<> sys_statfs(VirtAddr path, VirtAddr to) {
    return write_file_system(to, TRY(find_inode(AT_FDCWD, path))->file_system());
}

Result<> sys_fstatfs(int fd, VirtAddr to) {
    return write_file_system(to, TRY(get_any_file(fd))->inode().file_system());
}

Result<uint64_t> sys_readlinkat(int fd, VirtAddr path, VirtAddr to, int limit) {
    if (limit <= 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(fd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    String text = TRY(inode->read_link());
    size_t size = std::min(text.size(), static_cast<size_t>(limit));
    TRY(write_user(to, std::as_bytes(std::span(text.c_str(), size))));
    return size;
}

// Everyone is root here: only what nobody may execute or write is refused.
Result<> sys_faccessat2(int fd, VirtAddr path, int wanted, int flags) {
    constexpr int EXECUTE = 1, WRITE = 2, ALL = 7, EFFECTIVE_IDS = 0x200;
    if ((wanted & ~ALL) || (flags & ~(EFFECTIVE_IDS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(fd, path, flags));
    if ((wanted & EXECUTE) && !inode->as_directory() && !(inode->mode() & 0111)) return fail(Errno::EACCES);
    return (wanted & WRITE) && inode->is_kept() ? inode->check_writable() : Result<>();
}

Result<> sys_faccessat(int fd, VirtAddr path, int wanted) { return sys_faccessat2(fd, path, wanted, 0); }

Result<uint64_t> sys_getdents64(int fd, VirtAddr to, uint32_t size) {
    Ref<File> file = TRY(get_file(fd));
    std::byte buffer[1024];  // more than the longest name takes
    std::span room(buffer, std::min<size_t>(size, sizeof(buffer)));
    size_t used = TRY(file->list(room));
    TRY(write_user(to, room.first(used)));
    return used;
}

constexpr Syscall CALLS[] = {
    {43, "statfs", call<sys_statfs>},         {44, "fstatfs", call<sys_fstatfs>},
    {48, "faccessat", call<sys_faccessat>},   {61, "getdents64", call<sys_getdents64>},
    {78, "readlinkat", call<sys_readlinkat>}, {79, "newfstatat", call<sys_newfstatat>},
    {80, "fstat", call<sys_fstat>},           {291, "statx", call<sys_statx>},
    {439, "faccessat2", call<sys_faccessat2>},
};

}  // namespace

constinit const std::span<const Syscall> FILE_INFO_SYSCALLS = CALLS;

}  // namespace kern
