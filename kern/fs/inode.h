// A file of any kind as the file system knows it: what it holds and what it is, not what it is called. Names are in
// directories, and a directory is an inode as well. Each file system derives its own kinds from Inode and Directory.
//
//     FdTable --> File --> Inode --> Vmo          descriptor, open file, file, its pages (the page cache)
//      per        per      one
//     process    open(2)
#pragma once

#include "sched/wait_queue.h"
#include "vm/vmo.h"

class BlockDevice;
class Directory;
class File;

inline constexpr size_t NAME_LIMIT = 255;           // bytes of one name
inline constexpr unsigned SYMLINK_LIMIT = 40;       // links followed in one walk
inline constexpr uint64_t FILE_SIZE_LIMIT = INT64_MAX;

// The S_IFMT bits of st_mode.
enum class InodeType : uint32_t {
    fifo = 0010000, character = 0020000, directory = 0040000, block = 0060000, regular = 0100000, symlink = 0120000,
};

inline constexpr uint32_t TYPE_BITS = 0170000;
inline constexpr uint32_t PERMISSION_BITS = 07777;
constexpr uint32_t mode_of(InodeType type, uint32_t permissions) {
    return static_cast<uint32_t>(type) | (permissions & PERMISSION_BITS);
}

// What poll(2) reports: POLLIN with POLLRDNORM, POLLOUT with POLLWRNORM, and so on.
namespace poll_event {
inline constexpr uint32_t IN = 0x41, OUT = 0x104, ERROR = 0x8, HANG_UP = 0x10, INVALID = 0x20;
}

// Bytes in the memory of the calling program; those that sendfile(2) writes are the kernel's own.
struct UserBytes {
    VirtAddr at;
    size_t size = 0;
    bool is_kernel = false;

    UserBytes from(size_t done) const { return {at + done, size - done, is_kernel}; }
    // Copy `count` bytes from or to those at `offset`; both give how many could be, fewer where the memory ends.
    // EFAULT: none.
    Result<size_t> copy_out(void* to, size_t offset, size_t count) const {
        if (is_kernel) memcpy(to, reinterpret_cast<const void*>(at.value + offset), count);
        size_t copied = is_kernel ? count : arch::user_read(to, at + offset, count);
        return copied || !count ? Result<size_t>(copied) : fail(Errno::EFAULT);
    }
    Result<size_t> copy_in(const void* from, size_t offset, size_t count) const {
        size_t copied = arch::user_write(at + offset, from, count);
        return copied || !count ? Result<size_t>(copied) : fail(Errno::EFAULT);
    }
};

// Moves `size` bytes that begin at `offset` in parts that do not cross a multiple of `unit`: move(done, part) gives how
// many went. Ends with a part that falls short; its error is told only when nothing was moved before.
template <size_t unit>
Result<size_t> in_parts(uint64_t offset, size_t size, auto move) {
    size_t done = 0;
    while (done < size) {
        size_t part = std::min(size - done, unit - (offset + done) % unit);
        Result<size_t> moved = move(done, part);
        if (!moved && !done) return moved;
        done += moved.value_or(0);
        if (moved.value_or(0) < part) break;
    }
    return done;
}

// What statfs(2) tells, in blocks of `block_size` bytes.
struct FileSystemSpace {
    uint64_t block_size, blocks, free_blocks, inodes, free_inodes;
};

// What makes inodes belong together: a link or a rename stays within one. Derived from where there is more to it than
// memory. It is there as long as one of its inodes is.
class FileSystem : public RefCounted<FileSystem> {
public:
    constexpr FileSystem(std::string_view type_, uint64_t magic_, uint64_t device_)
        : type(type_), magic(magic_), device(device_) {}
    virtual ~FileSystem() = default;

    const std::string_view type;
    const uint64_t magic;         // f_type of statfs(2)
    const uint64_t device;        // st_dev
    Mutex names{LockRank::inode}; // held while entries of its directories come, go or move
    Atomic<uint32_t> read_only;   // 1: what would change it is EROFS
    Atomic<uint32_t> open_files;  // umount(2) refuses while there are some (a working directory is one)

    virtual FileSystemSpace space();           // as this says it: what memory has
    // Everything that was changed before reaches the device. May sleep. EIO, ENOSPC.
    virtual Result<> sync() { return {}; }
    // From here on nothing changes, and all that has is on the device, which says that it is in order. What has no name
    // is gone, even if it is open.
    virtual Result<> set_read_only() { return read_only.store(1), sync(); }
    // It is mounted no more: `root` has no place in the tree, and no file is open.
    virtual void unmounted(Directory& /*root*/) {}

private:
    friend class Inode;
    Atomic<uint64_t> last_inode_;
};

// Nanoseconds since 1970; times of files.
struct FileTimes {
    Atomic<uint64_t> accessed, modified, changed;
};

class Inode : public RefCounted<Inode> {
public:
    // `mode`: type and permissions; `number` 0: a new one. Its times are now, its owner is root.
    Inode(FileSystem& fs, uint32_t mode, uint32_t links = 0, uint64_t number = 0);
    virtual ~Inode() = default;

    // WHAT IT IS

    FileSystem& file_system() const { return *fs_; }
    Result<> check_writable() const { return fs_->read_only.load() ? fail(Errno::EROFS) : Result<>(); }
    uint64_t number() const { return number_; }
    uint32_t mode() const { return mode_.load(); }
    InodeType type() const { return InodeType{mode() & TYPE_BITS}; }
    bool is(InodeType type) const { return this->type() == type; }
    Directory* as_directory();  // null when it is not one
    // What it holds lies in its file system, not in a device or a pipe.
    bool is_kept() const { return is(InodeType::regular) || is(InodeType::directory); }
    virtual uint64_t size() { return 0; }
    uint64_t device_number() const { return device_number_; }  // st_rdev
    virtual uint64_t blocks();                            // of 512 bytes, that it takes
    virtual BlockDevice* block_device() { return nullptr; }

    // chmod(2), chown(2) (UINT32_MAX: as it is). EROFS.
    Result<> set_permissions(uint32_t permissions);
    Result<> set_owner(uint32_t user, uint32_t group);
    uint32_t user() const { return user_.load(); }
    uint32_t group() const { return group_.load(); }
    FileTimes& times() { return times_; }
    // Its content, or (`touch_changed`) what is said above changed now.
    void touch_modified();
    void touch_changed();
    // Mode, owner, times or links are other than before: for a file system that keeps them on a disk. May not sleep.
    virtual void changed() {}

    // Names it has (of a directory: also its own "." and the ".." of others); what nobody opened goes with the last
    // one.
    uint32_t links() const { return links_.load(); }
    void add_links(int count) { links_.fetch_add(static_cast<uint32_t>(count)), touch_changed(); }

    // CONTENT

    // Held while the content of a file changes.
    Mutex& changes() { return changes_; }
    // The pages of a file that can be mapped; null for everything else.
    virtual Ref<Vmo> vmo() { return {}; }
    // What open(2) reads and writes from then on; null: the calls of the next group. ENXIO, ENOMEM.
    virtual Result<Ref<Vmo>> open_content() { return vmo(); }
    // A regular file gets this size. With changes() held. EINVAL, ENOSPC.
    virtual Result<> resize(uint64_t) { return fail(Errno::EINVAL); }
    // Before bytes [from, to) are written: finds room for them, and says how far it reaches. With changes() held.
    // ENOSPC (none), EFBIG, EIO.
    virtual Result<uint64_t> allocate(uint64_t /*from*/, uint64_t to) { return to; }
    // What was found so behind the end of the file is not needed. With changes() held. EIO.
    virtual Result<> trim() { return {}; }
    // truncate(2) of a regular file: EINVAL for others; EROFS, ENOSPC.
    Result<> truncate(uint64_t size);
    // fsync(2), fdatasync(2). EIO, ENOSPC.
    virtual Result<> sync();
    virtual Result<String> read_link() { return fail(Errno::EINVAL); }
    // What a link leads to when that is an open file of a process (proc(5)), whatever its text says; null: follow the
    // text.
    virtual Result<Ref<File>> linked_file();

    // STREAMS: terminals, pipes, devices. They may sleep (EAGAIN instead when the file is O_NONBLOCK) and give EINTR;
    // few look at the offset.

    virtual Result<size_t> read(File&, uint64_t /*offset*/, UserBytes) { return fail(Errno::EINVAL); }
    virtual Result<size_t> write(File&, uint64_t /*offset*/, UserBytes) { return fail(Errno::EINVAL); }
    virtual Result<> control(unsigned /*request*/, VirtAddr /*argument*/) { return fail(Errno::ENOTTY); }
    virtual bool is_seekable() const { return true; }
    // Which of poll_event are so now. Who changes that calls poll_changed().
    virtual uint32_t ready() { return poll_event::IN | poll_event::OUT; }
    virtual void opened(File&) {}
    virtual void closed(File&) {}

protected:
    // For who reads them from a disk.
    Atomic<uint32_t> mode_;
    Atomic<uint32_t> user_, group_;
    Atomic<uint32_t> links_;
    FileTimes times_;
    uint64_t device_number_ = 0;

private:
    Ref<FileSystem> fs_;
    uint64_t number_;
    Mutex changes_{LockRank::inode};
};

// Where every poll(2) waits: it looks at its files again whenever one of them has news.
extern WaitQueue pollers;
inline void poll_changed() { pollers.wake_all(); }
