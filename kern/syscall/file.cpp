// System calls on descriptors and the bytes behind them.
#include "fs/mount.h"
#include "mm/user_copy.h"
#include "process/signal.h"
#include "syscall/table.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

constexpr uint64_t MAX_TRANSFER = 0x7fff'f000;  // as Linux: what one call moves at the most
constexpr int MAX_VECTORS = 1024;               // IOV_MAX

// READING AND WRITING

// EINVAL, EFAULT: before anything else is looked at, as Linux does.
Result<UserBytes> user_bytes(VirtAddr at, uint64_t size) {
    if (static_cast<int64_t>(size) < 0) return fail(Errno::EINVAL);
    if (at.value > USER_HALF_END || size > USER_HALF_END - at.value) return fail(Errno::EFAULT);
    return UserBytes{at, std::min(size, MAX_TRANSFER)};
}

enum Direction { IN, OUT };
enum Where { HERE, THERE, EITHER };  // at the file's offset, at a place of the call's own, or that unless it is -1

Result<Ref<File>> get_open(int fd, Direction direction) {
    Ref<File> file = TRY(get_file(fd));
    bool is_open = direction == IN ? file->can_read() : file->can_write();
    return is_open ? Result<Ref<File>>(std::move(file)) : fail(Errno::EBADF);
}

Result<FilePlace> place_of(Where where, int64_t place) {
    if (where == HERE || (where == EITHER && place == -1)) return FilePlace();
    return place < 0 ? Result<FilePlace>(fail(Errno::EINVAL)) : FilePlace(static_cast<uint64_t>(place));
}

// Whoever writes where nobody reads is told by a signal as well.
Result<size_t> told_of_broken_pipe(Result<size_t> moved) {
    if (!moved && moved.error() == Errno::EPIPE) raise_signal(SIGPIPE);
    return moved;
}

Result<size_t> transfer(Direction direction, File& file, UserBytes bytes, FilePlace place) {
    if (place.value_or(0) > INT64_MAX - bytes.size) return fail(Errno::EINVAL);
    return direction == IN ? file.read(bytes, place) : told_of_broken_pipe(file.write(bytes, place));
}

// read(2), pread(2), write(2), pwrite(2).
template <Direction direction, Where where>
Result<size_t> sys_move(int fd, VirtAddr at, uint64_t size, int64_t place) {
    FilePlace there = TRY(place_of(where, place));
    Ref<File> file = TRY(get_open(fd, direction));
    return transfer(direction, *file, TRY(user_bytes(at, size)), there);
}

// One element of an array of struct iovec.
Result<UserBytes> vector_at(VirtAddr vectors, int index) {
    struct Vector {
        VirtAddr at;
        uint64_t size;
    };
    auto vector = TRY(read_user<Vector>(vectors + static_cast<uint64_t>(index) * sizeof(Vector)));
    return user_bytes(vector.at, vector.size);
}

// readv(2) and its kin: one piece after the other, until one falls short. Having moved some bytes, a call does not wait
// for a stream to be ready for more. All addresses and lengths, each below 2^38, are checked before the first byte
// moves. Of the flags that preadv2(2) takes none is needed here.
template <Direction direction, Where where>
Result<size_t> sys_move_vectors(int fd, VirtAddr vectors, int count, int64_t place, uint64_t, int flags) {
    if (where == EITHER && flags) return fail(Errno::EOPNOTSUPP);
    FilePlace there = TRY(place_of(where, place));
    Ref<File> file = TRY(get_open(fd, direction));
    if (count < 0 || count > MAX_VECTORS) return fail(Errno::EINVAL);
    for (int i = 0; i < count; i++) TRY(vector_at(vectors, i));
    size_t done = 0;
    for (int i = 0; i < count; i++) {
        UserBytes bytes = TRY(vector_at(vectors, i));
        bytes.size = std::min(bytes.size, MAX_TRANSFER - done);
        if (bytes.size == 0) continue;
        if (done && !(file->inode().ready() & (direction == IN ? poll_event::IN : poll_event::OUT))) break;
        Result<size_t> moved = transfer(direction, *file, bytes, there);
        if (!moved && !done) return moved;
        done += moved.value_or(0);
        if (!moved || *moved < bytes.size) break;
        if (there) *there += *moved;
    }
    return done;
}

// From the offset, which moves along, or from where `*place` says, which does.
Result<uint64_t> sys_sendfile(int out, int in, VirtAddr place, uint64_t count) {
    Ref<File> from = TRY(get_open(in, IN)), to = TRY(get_open(out, OUT));
    if (!from->inode().is(InodeType::regular)) return fail(Errno::EINVAL);
    uint64_t at = place.value ? TRY(read_user<uint64_t>(place)) : TRY(from->seek(0, Whence::current));
    if (at > INT64_MAX || to->has(open_flag::APPEND)) return fail(Errno::EINVAL);
    size_t sent = TRY(told_of_broken_pipe(from->send(*to, at, std::min(count, MAX_TRANSFER))));
    if (place.value) TRY(write_user(place, at + sent));
    else TRY(from->seek(static_cast<int64_t>(at + sent), Whence::set));
    return sent;
}

Result<uint64_t> sys_lseek(int fd, int64_t distance, uint32_t whence) {
    Ref<File> file = TRY(get_file(fd));
    if (whence > static_cast<uint32_t>(Whence::end)) return fail(Errno::EINVAL);
    return file->seek(distance, static_cast<Whence>(whence));
}

Result<> sys_ftruncate(int fd, int64_t size) {
    if (size < 0) return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_file(fd));
    return file->can_write() ? file->inode().truncate(static_cast<uint64_t>(size)) : fail(Errno::EINVAL);
}

// Of its modes the plain one: room for these bytes, and the file reaches to their end.
Result<> sys_fallocate(int fd, int mode, int64_t start, int64_t size) {
    Ref<File> file = TRY(get_file(fd));
    Inode& inode = file->inode();
    if (start < 0 || size <= 0) return fail(Errno::EINVAL);
    if (mode) return fail(Errno::EOPNOTSUPP);
    if (!file->can_write()) return fail(Errno::EBADF);
    if (!inode.is(InodeType::regular)) return fail(inode.is(InodeType::fifo) ? Errno::ESPIPE : Errno::ENODEV);
    int64_t end;
    if (__builtin_add_overflow(start, size, &end)) return fail(Errno::EFBIG);
    LockGuard guard(inode.changes());
    auto room = inode.allocate(static_cast<uint64_t>(start), static_cast<uint64_t>(end));
    if (room != static_cast<uint64_t>(end)) return TRY(inode.trim()), fail(room ? Errno::ENOSPC : room.error());
    return static_cast<uint64_t>(end) > inode.size() ? inode.resize(static_cast<uint64_t>(end)) : Result<>();
}

Result<> sys_fsync(int fd) {
    Ref<File> file = TRY(get_file(fd));
    return file->inode().is_seekable() ? file->inode().sync() : fail(Errno::EINVAL);
}

Result<> sys_sync_file_range(int fd, int64_t start, int64_t size, uint32_t flags) {
    constexpr uint32_t ALL = 7;
    Ref<File> file = TRY(get_file(fd));
    if ((flags & ~ALL) || start < 0 || size < 0) return fail(Errno::EINVAL);
    return file->inode().is_kept() ? file->inode().sync() : fail(Errno::ESPIPE);
}

Result<> sys_syncfs(int fd) { return TRY(get_file(fd))->inode().file_system().sync(); }

// DESCRIPTORS

Result<> sys_close(int fd) { return files().table.close(fd); }

Result<> sys_close_range(uint32_t first, uint32_t last, int flags) {
    if (flags || first > last) return fail(Errno::EINVAL);
    files().table.close_range(first, last);
    return {};
}

Result<int> sys_dup(int fd) { return files().table.add(TRY(get_any_file(fd)), false); }

Result<int> sys_dup3(int old, int fd, uint32_t flags) {
    if ((flags & ~open_flag::CLOSE_ON_EXEC) || old == fd) return fail(Errno::EINVAL);
    if (static_cast<uint32_t>(fd) >= files().table.limit()) return fail(Errno::EBADF);
    TRY(files().table.set(fd, TRY(get_any_file(old)), flags));
    return fd;
}

Result<> sys_pipe2(VirtAddr to, uint32_t flags) {
    if (flags & ~(open_flag::CLOSE_ON_EXEC | open_flag::NON_BLOCKING)) return fail(Errno::EINVAL);
    PipeEnds ends = TRY(make_pipe(flags & open_flag::NON_BLOCKING));
    FdTable& table = files().table;
    bool close_on_exec = flags & open_flag::CLOSE_ON_EXEC;
    int reader = TRY(table.add(std::move(ends.reader), close_on_exec));
    auto writer = table.add(std::move(ends.writer), close_on_exec);
    int fds[] = {reader, writer.value_or(-1)};
    Result<> told = writer ? write_user(to, fds) : fail(writer.error());
    for (int fd : fds)
        if (!told) (void)table.close(fd);
    return told;
}

Result<> sys_ioctl(int fd, uint32_t request, VirtAddr argument) {
    constexpr uint32_t FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451;
    Ref<File> file = TRY(get_file(fd));
    if (request == FIOCLEX || request == FIONCLEX) return files().table.set_close_on_exec(fd, request == FIOCLEX);
    if (request != FIONBIO) return file->inode().control(request, argument);
    bool on = TRY(read_user<int>(argument));
    file->set_flags((file->flags() & ~open_flag::NON_BLOCKING) | (on ? open_flag::NON_BLOCKING : 0));
    return {};
}

// LOCKS

enum { F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7,
       F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38, F_DUPFD_CLOEXEC = 1030, F_GETPIPE_SZ = 1032 };

// struct flock.
struct UserLock {
    LockType type;
    uint16_t whence;
    int64_t start, length;
    int32_t pid;
};

// The bytes it means, whatever they are counted from. A length of 0 is to the end, a negative one goes backward.
Result<> set_range(FileLock& lock, const UserLock& user, File& file) {
    auto whence = static_cast<Whence>(user.whence);
    if (whence > Whence::end) return fail(Errno::EINVAL);
    uint64_t base = whence == Whence::set ? 0 : whence == Whence::end ? file.inode().size() : TRY(file.seek(0, whence));
    int64_t first, before = std::min<int64_t>(user.length, 0), behind = std::max<int64_t>(user.length, 0);
    if (__builtin_add_overflow(static_cast<int64_t>(base), user.start, &first)) return fail(Errno::EOVERFLOW);
    if (first < 0 || first + before < 0) return fail(Errno::EINVAL);
    if (behind && behind - 1 > INT64_MAX - first) return fail(Errno::EOVERFLOW);
    lock.first = static_cast<uint64_t>(first + before);
    lock.last = user.length ? static_cast<uint64_t>(first) + static_cast<uint64_t>(behind) - 1 : INT64_MAX;
    return {};
}

Result<> lock_range(File& file, int command, VirtAddr at) {
    auto user = TRY(read_user<UserLock>(at));
    bool of_file = command >= F_OFD_GETLK, asks = command == F_GETLK || command == F_OFD_GETLK;
    const void* owner = of_file ? static_cast<const void*>(&file) : &files().table;
    FileLock lock{&file.inode(), owner, LockKind::range, user.type};
    lock.pid = of_file ? -1 : current_process().pid();
    if (user.type > (asks ? LockType::write : LockType::none) || (of_file && user.pid)) return fail(Errno::EINVAL);
    TRY(set_range(lock, user, file));
    if (asks) {
        FileLock found = find_conflict(lock);
        user.type = found.type;
        if (found.type == LockType::none) return write_user(at, user);
        auto start = static_cast<int64_t>(found.first), end = static_cast<int64_t>(found.last);
        return write_user(at, UserLock{user.type, 0, start, end == INT64_MAX ? 0 : end - start + 1, found.pid});
    }
    bool allowed = lock.type == LockType::read ? file.can_read() : lock.type == LockType::none || file.can_write();
    return allowed ? set_lock(lock, command == F_SETLKW || command == F_OFD_SETLKW) : fail(Errno::EBADF);
}

Result<> sys_flock(int fd, int operation) {
    constexpr int SHARED = 1, EXCLUSIVE = 2, AT_ONCE = 4, UNLOCK = 8;
    Ref<File> file = TRY(get_file(fd));
    int what = operation & ~AT_ONCE;
    if (what != SHARED && what != EXCLUSIVE && what != UNLOCK) return fail(Errno::EINVAL);
    LockType type = what == SHARED ? LockType::read : what == EXCLUSIVE ? LockType::write : LockType::none;
    return set_lock({&file->inode(), file.get(), LockKind::whole, type}, !(operation & AT_ONCE));
}

Result<uint64_t> sys_fcntl(int fd, int command, uint64_t argument) {
    constexpr uint64_t FD_CLOEXEC = 1;
    FdTable& table = files().table;
    auto [file, closes_on_exec] = TRY(table.slot(fd));
    bool is_for_any = command <= F_GETFL || command == F_DUPFD_CLOEXEC;
    if (!is_for_any && file->has(open_flag::PATH_ONLY)) return fail(Errno::EBADF);
    switch (command) {
    case F_DUPFD: case F_DUPFD_CLOEXEC:
        if (argument >= table.limit()) return fail(Errno::EINVAL);
        return static_cast<uint64_t>(TRY(table.add(file, command == F_DUPFD_CLOEXEC, static_cast<int>(argument))));
    case F_GETFD:
        return closes_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD:
        return TRY(table.set_close_on_exec(fd, argument & FD_CLOEXEC)), 0;
    case F_GETFL:
        return file->flags();
    case F_SETFL:
        return file->set_flags(static_cast<uint32_t>(argument)), 0;
    case F_GETLK: case F_SETLK: case F_SETLKW: case F_OFD_GETLK: case F_OFD_SETLK: case F_OFD_SETLKW:
        return TRY(lock_range(*file, command, VirtAddr(argument))), 0;
    case F_GETPIPE_SZ:
        return file->inode().is(InodeType::fifo) ? Result<uint64_t>(PIPE_CAPACITY) : fail(Errno::EBADF);
    }
    return fail(Errno::EINVAL);
}

constexpr Syscall CALLS[] = {
    {23, "dup", call<sys_dup>},                       {24, "dup3", call<sys_dup3>},
    {25, "fcntl", call<sys_fcntl>},                   {29, "ioctl", call<sys_ioctl>},
    {32, "flock", call<sys_flock>},                   {46, "ftruncate", call<sys_ftruncate>},
    {47, "fallocate", call<sys_fallocate>},           {57, "close", call<sys_close>},
    {59, "pipe2", call<sys_pipe2>},                   {62, "lseek", call<sys_lseek>},
    {63, "read", call<sys_move<IN, HERE>>},                 {64, "write", call<sys_move<OUT, HERE>>},
    {65, "readv", call<sys_move_vectors<IN, HERE>>},        {66, "writev", call<sys_move_vectors<OUT, HERE>>},
    {67, "pread64", call<sys_move<IN, THERE>>},           {68, "pwrite64", call<sys_move<OUT, THERE>>},
    {69, "preadv", call<sys_move_vectors<IN, THERE>>},    {70, "pwritev", call<sys_move_vectors<OUT, THERE>>},
    {71, "sendfile", call<sys_sendfile>},             {81, "sync", call<sync_file_systems>},
    {82, "fsync", call<sys_fsync>},                   {83, "fdatasync", call<sys_fsync>},
    {84, "sync_file_range", call<sys_sync_file_range>}, {267, "syncfs", call<sys_syncfs>},
    {286, "preadv2", call<sys_move_vectors<IN, EITHER>>},    {287, "pwritev2", call<sys_move_vectors<OUT, EITHER>>},
    {436, "close_range", call<sys_close_range>},
};

}  // namespace

constinit const std::span<const Syscall> FILE_SYSCALLS = CALLS;

}  // namespace kern
