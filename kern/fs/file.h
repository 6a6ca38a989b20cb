// An open file (POSIX: open file description): an inode, how it was opened, and the offset that descriptors made by
// dup(2) and fork(2) share.
#pragma once

#include "fs/directory.h"

// The flags of open(2) in Linux's generic ABI.
namespace open_flag {
inline constexpr uint32_t WRITE_ONLY = 1, READ_WRITE = 2, ACCESS_BITS = 3;
inline constexpr uint32_t CREATE = 0100, EXCLUSIVE = 0200, TRUNCATE = 01000, APPEND = 02000, NON_BLOCKING = 04000,
                          DIRECTORY = 0200000, NO_FOLLOW = 0400000, CLOSE_ON_EXEC = 02000000;
// What F_SETFL can change; O_ASYNC, O_DIRECT and O_NOATIME are remembered without effect.
inline constexpr uint32_t CHANGEABLE = APPEND | NON_BLOCKING | 020000 | 040000 | 01000000;
// What F_GETFL does not tell.
inline constexpr uint32_t ONLY_AT_OPEN = CREATE | EXCLUSIVE | 0400 | TRUNCATE | CLOSE_ON_EXEC;
}  // namespace open_flag

enum class Whence { set, current, end };
using FilePlace = std::optional<uint64_t>;

class File final : public BackingFile {
public:
    // Opens `inode`, found in `directory` as `name`; a directory itself, or what has no name, comes without. ENOMEM,
    // ENXIO.
    static Result<Ref<File>> open(Ref<Inode> inode, uint32_t flags, Ref<Directory> directory = {},
                                  std::string_view name = {});
    File(Ref<Inode> inode, uint32_t flags);
    ~File() override;

    Inode& inode() { return *inode_; }
    const Ref<Directory>& directory() const { return directory_; }  // with name(): what it was opened as
    std::string_view name() const { return name_.view(); }
    uint32_t flags() const { return flags_.load(); }
    void set_flags(uint32_t flags);  // those of CHANGEABLE
    bool has(uint32_t flag) const { return flags() & flag; }
    bool can_read() const { return access() != open_flag::WRITE_ONLY; }
    bool can_write() const { return access() != 0; }

    // BYTES, to and from the calling program. EBADF, EISDIR, EINVAL, EFAULT, ENOSPC, EFBIG; from streams EAGAIN, EINTR.
    // A transfer that stops half-way gives the count so far. No lock that spins is held while bytes are copied.

    // At `place`, which a stream does not have (ESPIPE); without one at the offset, which moves along.
    Result<size_t> read(UserBytes to, FilePlace place = {});
    Result<size_t> write(UserBytes from, FilePlace place = {});
    // sendfile(2): at most `count` bytes from `place` on to another file's offset. EINVAL: this one has no pages.
    Result<size_t> send(File& to, uint64_t place, size_t count);
    // lseek(2): the new offset. ESPIPE, EINVAL.
    Result<uint64_t> seek(int64_t distance, Whence whence);
    // getdents64(2): entries of a directory from the offset on, which moves along; the bytes used. ENOTDIR, ENOENT
    // (removed), EINVAL (not one fits), EFAULT.
    Result<size_t> list(UserBytes to);

    // WHAT A MAPPING KNOWS

    std::string_view path() const override { return path_.view(); }  // once vmo() was called
    uint64_t inode_number() const override { return inode_->number(); }
    Ref<Vmo> vmo() override;

    // The absolute path, as /proc/self/fd shows it; written to the end of `buffer`. ERANGE, ENOENT.
    Result<std::string_view> path(std::span<char> buffer);

private:
    uint32_t access() const { return flags() & open_flag::ACCESS_BITS; }
    Result<size_t> move(FilePlace place, auto move_at);

    Ref<Inode> inode_;
    Ref<Vmo> content_;         // null: a stream or a directory
    Ref<Directory> directory_; // with name_: what it was opened as
    String name_;
    String path_;
    Atomic<uint32_t> flags_;
    uint64_t offset_ = 0;      // bytes, or a directory's position; with position_
    Mutex position_{LockRank::inode};
};

// PIPES: bytes from writers to readers, in order. See pipe(7).

inline constexpr size_t PIPE_CAPACITY = 65'536;

struct PipeEnds {
    Ref<File> reader;
    Ref<File> writer;
};

// `flags`: NON_BLOCKING for both ends. ENOMEM.
Result<PipeEnds> make_pipe(uint32_t flags);

// ADVISORY LOCKS: fcntl(2)'s on ranges of bytes, which belong to a process, and flock(2)'s, which belong to an open file.

enum class LockType : uint16_t { read, write, none };  // F_RDLCK, F_WRLCK, F_UNLCK

struct FileLock {
    Inode* inode;
    const void* owner;      // a process's FdTable; a File
    LockType type;
    uint64_t first = 0, last = 0;
    int pid = 0;            // as F_GETLK tells it
};

// Takes, changes or (LockType::none) gives up a lock. EAGAIN when another's is in the way, or sleeps until it is not:
// EINTR. ENOMEM.
Result<> set_lock(const FileLock& wanted, bool waits);
// Another's lock that is in the way of this one; one of LockType::none when there is none.
FileLock find_conflict(const FileLock& wanted);
// All that `owner` has on this file.
void release_locks(Inode& inode, const void* owner);
