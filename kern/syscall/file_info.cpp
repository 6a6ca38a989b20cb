// System calls that say what a file is: stat(2) and its kin, directory listings, what a link says, whether access is granted.
#include <cstring>

#include "mm/user_copy.h"
#include "syscall/table.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

constexpr uint64_t NS = 1'000'000'000;

// struct stat of asm-generic/stat.h.
struct Stat {
    uint64_t device, inode;
    uint32_t mode, links, user, group;
    uint64_t device_number, pad1, size;
    uint32_t block_size, pad2;
    uint64_t blocks;
    uint64_t accessed[2], modified[2], changed[2];  // seconds, nanoseconds
    uint32_t unused[2];
};
static_assert(sizeof(Stat) == 128);

Stat stat_of(Inode& inode) {
    FileTimes& times = inode.times();
    uint64_t accessed = times.accessed.load(), modified = times.modified.load(), changed = times.changed.load();
    return {
        .device = inode.file_system().device, .inode = inode.number(),
        .mode = inode.mode(), .links = inode.links(), .user = inode.user(), .group = inode.group(),
        .device_number = inode.device_number(), .pad1 = 0, .size = inode.size(),
        .block_size = PAGE_SIZE, .pad2 = 0, .blocks = inode.blocks(),
        .accessed = {accessed / NS, accessed % NS}, .modified = {modified / NS, modified % NS},
        .changed = {changed / NS, changed % NS}, .unused = {},
    };
}

Result<> newfstatat(const SyscallArgs& args) {
    constexpr int NO_AUTOMOUNT = 0x800;
    if (args.integer(3) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | NO_AUTOMOUNT)) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(args.integer(0), args.address(1), args.integer(3)));
    return write_user(args.address(2), stat_of(*inode));
}

Result<> fstat(const SyscallArgs& args) {
    return write_user(args.address(1), stat_of(TRY(get_file(args.integer(0)))->inode()));
}

// struct statfs.
struct FileSystemStat {
    uint64_t type, block_size, blocks, free_blocks, available_blocks, files, free_files;
    uint32_t id[2];
    uint64_t name_limit, fragment_size, flags, spare[4];
};
static_assert(sizeof(FileSystemStat) == 120);

Result<> write_file_system(VirtAddr to, Inode& inode) {
    FileSystem& fs = inode.file_system();
    FileSystemSpace space = fs.space();
    FileSystemStat stat{
        .type = fs.magic, .block_size = space.block_size,
        .blocks = space.blocks, .free_blocks = space.free_blocks, .available_blocks = space.free_blocks,
        .files = space.inodes, .free_files = space.free_inodes, .id = {static_cast<uint32_t>(fs.device), 0},
        .name_limit = NAME_LIMIT, .fragment_size = space.block_size, .flags = fs.read_only.load(), .spare = {},
    };
    return write_user(to, stat);
}

Result<> statfs(const SyscallArgs& args) {
    return write_file_system(args.address(1), *TRY(find_inode(AT_FDCWD, args.address(0), 0)));
}

Result<> fstatfs(const SyscallArgs& args) {
    return write_file_system(args.address(1), TRY(get_file(args.integer(0)))->inode());
}

Result<uint64_t> readlinkat(const SyscallArgs& args) {
    if (args.integer(3) <= 0) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(args.integer(0), args.address(1), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    String text = TRY(inode->read_link());
    size_t size = std::min(text.size(), static_cast<size_t>(args.integer(3)));
    TRY(write_user(args.address(2), std::as_bytes(std::span(text.c_str(), size))));
    return size;
}

// Everyone is root here: only what nobody may execute or write is refused.
Result<> sys_faccessat2(int fd, VirtAddr path, int wanted, int flags) {
    constexpr int EXECUTE = 1, WRITE = 2, ALL = 7, EFFECTIVE_IDS = 0x200;
    if ((wanted & ~ALL) || (flags & ~(EFFECTIVE_IDS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))) return fail(Errno::EINVAL);
    Ref<Inode> inode = TRY(find_inode(fd, path, flags));
    if ((wanted & EXECUTE) && !inode->as_directory() && !(inode->mode() & 0111)) return fail(Errno::EACCES);
    return (wanted & WRITE) && (inode->as_directory() || inode->is(InodeType::regular)) ? inode->check_writable() : Result<>();
}

Result<> sys_faccessat(int fd, VirtAddr path, int wanted) { return sys_faccessat2(fd, path, wanted, 0); }

// DIRECTORIES

// Packs struct linux_dirent64: inode number, position of the next entry, size of the record, type, name, NUL.
class DirentBuffer final : public EntrySink {
public:
    explicit DirentBuffer(std::span<std::byte> buffer) : buffer_(buffer) {}

    bool add(std::string_view name, uint64_t inode_number, InodeType type, uint64_t next) override {
        constexpr size_t NAME_AT = 19;
        auto size = static_cast<uint16_t>(align_up(NAME_AT + name.size() + 1, 8));
        is_full_ = size > buffer_.size() - used_;
        if (is_full_) return false;
        std::byte* record = buffer_.data() + used_;
        memset(record, 0, size);
        memcpy(record, &inode_number, 8);
        memcpy(record + 8, &next, 8);
        memcpy(record + 16, &size, 2);
        record[18] = static_cast<std::byte>(static_cast<uint32_t>(type) >> 12);  // DT_REG and so on
        memcpy(record + NAME_AT, name.data(), name.size());
        used_ += size;
        return true;
    }

    std::span<const std::byte> records() const { return buffer_.first(used_); }
    // An entry was turned away although the buffer is empty.
    bool is_too_small() const { return is_full_ && used_ == 0; }

private:
    std::span<std::byte> buffer_;
    size_t used_ = 0;
    bool is_full_ = false;
};

Result<uint64_t> getdents64(const SyscallArgs& args) {
    Ref<File> file = TRY(get_file(args.integer(0)));
    if (file->has(open_flag::PATH_ONLY)) return fail(Errno::EBADF);
    Vec<std::byte> buffer;
    TRY(buffer.resize(std::min(args[2] & UINT32_MAX, uint64_t{PAGE_SIZE})));
    DirentBuffer entries({buffer.data(), buffer.size()});
    TRY(file->list(entries));
    if (entries.is_too_small()) return fail(Errno::EINVAL);
    TRY(write_user(args.address(1), entries.records()));
    return entries.records().size();
}

constexpr Syscall CALLS[] = {
    {43, "statfs", plain<statfs>},         {44, "fstatfs", plain<fstatfs>},         {48, "faccessat", call<sys_faccessat>},
    {61, "getdents64", getdents64},        {78, "readlinkat", readlinkat},          {79, "newfstatat", plain<newfstatat>},
    {80, "fstat", plain<fstat>},           {439, "faccessat2", call<sys_faccessat2>},
};

}  // namespace

constinit const std::span<const Syscall> FILE_INFO_SYSCALLS = CALLS;

}  // namespace kern
