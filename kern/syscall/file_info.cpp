// System calls that say what a file is: stat(2) and its kin, directory listings, what a link says, whether access is granted.
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
    return {
        .device = inode.file_system().device, .inode = inode.number(),
        .mode = inode.mode(), .links = inode.links(), .user = inode.user(), .group = inode.group(),
        .device_number = inode.device_number(), .pad1 = 0, .size = inode.size(),
        .block_size = PAGE_SIZE, .pad2 = 0, .blocks = inode.blocks(),
        .accessed = Timespec::of(times.accessed.load()), .modified = Timespec::of(times.modified.load()),
        .changed = Timespec::of(times.changed.load()), .unused = {},
    };
}

Result<> sys_newfstatat(int fd, VirtAddr path, VirtAddr to, int flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) return fail(Errno::EINVAL);
    return write_user(to, stat_of(*TRY(find_inode(fd, path, flags))));
}

Result<> sys_fstat(int fd, VirtAddr to) { return write_user(to, stat_of(TRY(get_any_file(fd))->inode())); }

// struct statx, up to what is told.
struct Statx {
    struct Time {
        explicit Time(Timespec time) : seconds(time.seconds), nanoseconds(static_cast<uint32_t>(time.nanoseconds)) {}
        int64_t seconds;
        uint32_t nanoseconds, pad = 0;
    };
    struct Device {
        explicit Device(uint64_t device)
            : major(device >> 8 & 0xfff), minor(static_cast<uint32_t>((device & 0xff) | (device >> 12 & ~0xffu))) {}
        uint32_t major, minor;
    };

    explicit Statx(const Stat& stat)
        : block_size(stat.block_size), links(stat.links), user(stat.user), group(stat.group),
          mode(static_cast<uint16_t>(stat.mode)), inode(stat.inode), size(stat.size), blocks(stat.blocks),
          accessed(stat.accessed), born(Timespec()), changed(stat.changed), modified(stat.modified),
          device_number(stat.device_number), device(stat.device) {}

    uint32_t mask = 0x7ff, block_size;  // STATX_BASIC_STATS
    uint64_t attributes = 0;
    uint32_t links, user, group;
    uint16_t mode, pad = 0;
    uint64_t inode, size, blocks, known_attributes = 0;
    Time accessed, born, changed, modified;
    Device device_number, device;
    uint64_t rest[14] = {};
};
static_assert(sizeof(Statx) == 256);

Result<> sys_statx(int fd, VirtAddr path, int flags, uint32_t mask, VirtAddr to) {
    constexpr int SYNC_TYPE = 0x6000;
    constexpr uint32_t RESERVED = 0x8000'0000;
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | SYNC_TYPE)) || (flags & SYNC_TYPE) == SYNC_TYPE ||
        (mask & RESERVED))
        return fail(Errno::EINVAL);
    return write_user(to, Statx(stat_of(*TRY(find_inode(fd, path, flags)))));
}

// struct statfs.
struct FileSystemStat {
    uint64_t type, block_size, blocks, free_blocks, available_blocks, files, free_files;
    uint32_t id[2];
    uint64_t name_limit, fragment_size, flags, spare[4];
};
static_assert(sizeof(FileSystemStat) == 120);

Result<> write_file_system(VirtAddr to, FileSystem& fs) {
    FileSystemSpace space = fs.space();
    FileSystemStat stat{
        .type = fs.magic, .block_size = space.block_size,
        .blocks = space.blocks, .free_blocks = space.free_blocks, .available_blocks = space.free_blocks,
        .files = space.inodes, .free_files = space.free_inodes, .id = {static_cast<uint32_t>(fs.device), 0},
        .name_limit = NAME_LIMIT, .fragment_size = space.block_size, .flags = fs.read_only.load(), .spare = {},
    };
    return write_user(to, stat);
}

Result<> sys_statfs(VirtAddr path, VirtAddr to) {
    return write_file_system(to, TRY(find_inode(AT_FDCWD, path))->file_system());
}

Result<> sys_fstatfs(int fd, VirtAddr to) { return write_file_system(to, TRY(get_any_file(fd))->inode().file_system()); }

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
    Vec<std::byte> buffer;
    TRY(buffer.resize(std::min<size_t>(size, PAGE_SIZE)));
    std::span<std::byte> room(buffer.data(), buffer.size());
    size_t used = TRY(file->list(room));
    TRY(write_user(to, room.first(used)));
    return used;
}

constexpr Syscall CALLS[] = {
    {43, "statfs", call<sys_statfs>},         {44, "fstatfs", call<sys_fstatfs>},       {48, "faccessat", call<sys_faccessat>},
    {61, "getdents64", call<sys_getdents64>}, {78, "readlinkat", call<sys_readlinkat>}, {79, "newfstatat", call<sys_newfstatat>},
    {80, "fstat", call<sys_fstat>},           {291, "statx", call<sys_statx>},          {439, "faccessat2", call<sys_faccessat2>},
};

}  // namespace

constinit const std::span<const Syscall> FILE_INFO_SYSCALLS = CALLS;

}  // namespace kern
