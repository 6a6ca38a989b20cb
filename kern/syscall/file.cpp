// System calls on descriptors and the bytes behind them.
#include "fs/mount.h"
#include "syscall/arguments.h"

constexpr uint64_t MAX_TRANSFER = 0x7fff'f000;  // as Linux: what one call moves at the most
constexpr int MAX_VECTORS = 1024;               // IOV_MAX

// READING AND WRITING

// EINVAL, EFAULT: before anything else is looked at, as Linux does.
static Result<UserBytes> user_bytes(VirtAddr at, uint64_t size) {
    if (static_cast<int64_t>(size) < 0) return fail(Errno::EINVAL);
    if (at.value > USER_HALF_END || size > USER_HALF_END - at.value) return fail(Errno::EFAULT);
    return UserBytes{at, std::min(size, MAX_TRANSFER)};
}

enum Direction { IN, OUT };
enum Where { HERE, THERE };  // at the file's offset, or at a place of the call's own

static Result<Ref<File>> get_open(int fd, Direction direction) {
    Ref<File> file = TRY(get_file(fd));
    bool is_open = direction == IN ? file->can_read() : file->can_write();
    return is_open ? Result<Ref<File>>(std::move(file)) : fail(Errno::EBADF);
}

static Result<FilePlace> place_of(Where where, int64_t place) {
    if (where == HERE) return FilePlace();
    return place < 0 ? Result<FilePlace>(fail(Errno::EINVAL)) : FilePlace(static_cast<uint64_t>(place));
}

// Whoever writes where nobody reads is told by a signal as well.
static Result<size_t> told_of_broken_pipe(Result<size_t> moved) {
    if (moved || moved.error() != Errno::EPIPE) return moved;
    SignalInfo info = SignalInfo::from_caller(SIGPIPE, SignalInfo::USER);
    lock_process_tree()->send(current_process(), info, &current_user_thread());
    return moved;
}

static Result<size_t> transfer(Direction direction, File& file, UserBytes bytes, FilePlace place) {
    if (place.value_or(0) > INT64_MAX - bytes.size) return fail(Errno::EINVAL);
    return direction == IN ? file.read(bytes, place) : told_of_broken_pipe(file.write(bytes, place));
}

// read(2), pread(2), write(2), pwrite(2).
template <Direction direction, Where where>
static Result<size_t> sys_move(int fd, VirtAddr at, uint64_t size, int64_t place) {
    FilePlace there = TRY(place_of(where, place));
    Ref<File> file = TRY(get_open(fd, direction));
    return transfer(direction, *file, TRY(user_bytes(at, size)), there);
}

// One element of an array of struct iovec.
static Result<UserBytes> vector_at(VirtAddr vectors, int index) {
    struct Vector {
        VirtAddr at;
        uint64_t size;
    };
    auto vector = TRY(read_user<Vector>(vectors + static_cast<uint64_t>(index) * sizeof(Vector)));
    return user_bytes(vector.at, vector.size);
}

// readv(2) and its kin: one piece after the other, until one falls short. Having moved some bytes, a call does not wait
// for a stream to be ready for more. All addresses and lengths, each below 2^38, are checked before the first byte
// moves.
template <Direction direction, Where where>
static Result<size_t> sys_move_vectors(int fd, VirtAddr vectors, int count, int64_t place) {
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
static Result<uint64_t> sys_sendfile(int out, int in, VirtAddr place, uint64_t count) {
    Ref<File> from = TRY(get_open(in, IN)), to = TRY(get_open(out, OUT));
    if (!from->inode().is(InodeType::regular)) return fail(Errno::EINVAL);
    uint64_t at = place.value ? TRY(read_user<uint64_t>(place)) : TRY(from->seek(0, Whence::current));
    if (at > INT64_MAX || to->has(open_flag::APPEND)) return fail(Errno::EINVAL);
    size_t sent = TRY(told_of_broken_pipe(from->send(*to, at, std::min(count, MAX_TRANSFER))));
    if (place.value) TRY(write_user(place, at + sent));
    else TRY(from->seek(static_cast<int64_t>(at + sent), Whence::set));
    return sent;
}

static Result<uint64_t> sys_lseek(int fd, int64_t distance, uint32_t whence) {
    Ref<File> file = TRY(get_file(fd));
    if (whence > static_cast<uint32_t>(Whence::end)) return fail(Errno::EINVAL);
    return file->seek(distance, static_cast<Whence>(whence));
}

static Result<> sys_ftruncate(int fd, int64_t size) {
    if (size < 0) return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_file(fd));
    return file->can_write() ? file->inode().truncate(static_cast<uint64_t>(size)) : fail(Errno::EINVAL);
}

static Result<> sys_fsync(int fd) {
    Ref<File> file = TRY(get_file(fd));
    return file->inode().is_seekable() ? file->inode().sync() : fail(Errno::EINVAL);
}

// All of them: there are few.
static Result<> sys_syncfs(int fd) { return TRY(get_file(fd)), sync_file_systems(); }

// DESCRIPTORS

static Result<> sys_close(int fd) { return files().table.close(fd); }

static Result<int> sys_dup(int fd) { return files().table.add(TRY(get_file(fd)), false); }

static Result<int> sys_dup3(int old, int fd, uint32_t flags) {
    if ((flags & ~open_flag::CLOSE_ON_EXEC) || old == fd) return fail(Errno::EINVAL);
    if (static_cast<uint32_t>(fd) >= files().table.limit()) return fail(Errno::EBADF);
    TRY(files().table.set(fd, TRY(get_file(old)), flags));
    return fd;
}

static Result<> sys_pipe2(VirtAddr to, uint32_t flags) {
    if (flags & ~(open_flag::CLOSE_ON_EXEC | open_flag::NON_BLOCKING)) return fail(Errno::EINVAL);
    PipeEnds ends = TRY(make_pipe(flags & open_flag::NON_BLOCKING));
    FdTable& table = files().table;
    int fds[] = {TRY(table.add(std::move(ends.reader), flags & open_flag::CLOSE_ON_EXEC)), -1};
    auto writer = table.add(std::move(ends.writer), flags & open_flag::CLOSE_ON_EXEC);
    fds[1] = writer.value_or(-1);
    Result<> told = writer ? write_user(to, fds) : fail(writer.error());
    for (int fd : fds)
        if (!told) (void)table.close(fd);
    return told;
}

static Result<> sys_ioctl(int fd, uint32_t request, VirtAddr argument) {
    return TRY(get_file(fd))->inode().control(request, argument);
}

// LOCKS

enum { F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7,
       F_DUPFD_CLOEXEC = 1030 };

// struct flock.
struct UserLock {
    LockType type;
    uint16_t whence;
    int64_t start, length;
    int32_t pid;
};

// The bytes it means, whatever they are counted from. A length of 0 is to the end, a negative one goes backward.
static Result<> set_range(FileLock& lock, const UserLock& user, File& file) {
    auto whence = static_cast<Whence>(user.whence);
    if (whence > Whence::end) return fail(Errno::EINVAL);
    uint64_t base = whence == Whence::set ? 0 : whence == Whence::end ? file.inode().size() : TRY(file.seek(0, whence));
    int64_t at, length = user.length;
    if (__builtin_add_overflow(static_cast<int64_t>(base), user.start, &at)) return fail(Errno::EOVERFLOW);
    if (at < 0 || length < -at) return fail(Errno::EINVAL);
    if (length - 1 > INT64_MAX - at) return fail(Errno::EOVERFLOW);
    lock.first = static_cast<uint64_t>(at + std::min<int64_t>(length, 0));
    lock.last = static_cast<uint64_t>(length ? at + std::max<int64_t>(length, 0) - 1 : INT64_MAX);
    return {};
}

static Result<> lock_range(File& file, int command, VirtAddr at) {
    auto user = TRY(read_user<UserLock>(at));
    if (user.type > (command == F_GETLK ? LockType::write : LockType::none)) return fail(Errno::EINVAL);
    FileLock lock{&file.inode(), &files().table, user.type};
    lock.pid = current_process().pid();
    TRY(set_range(lock, user, file));
    if (command == F_GETLK) {
        FileLock found = find_conflict(lock);
        auto start = static_cast<int64_t>(found.first), end = static_cast<int64_t>(found.last);
        if (found.type == LockType::none) user.type = found.type;
        else user = {found.type, 0, start, end == INT64_MAX ? 0 : end - start + 1, found.pid};
        return write_user(at, user);
    }
    bool allowed = lock.type == LockType::read ? file.can_read() : lock.type == LockType::none || file.can_write();
    return allowed ? set_lock(lock, command == F_SETLKW) : fail(Errno::EBADF);
}

// flock(2): on the whole file, and the open file's own. It lies on the one byte behind the last that a file can have,
// where no lock of fcntl(2) meets it.
static Result<> sys_flock(int fd, uint32_t wanted) {
    constexpr uint32_t SHARED = 1, EXCLUSIVE = 2, AT_ONCE = 4, UNLOCK = 8;
    constexpr uint64_t PLACE = uint64_t{INT64_MAX} + 1;
    Ref<File> file = TRY(get_file(fd));
    uint32_t kind = wanted & ~AT_ONCE;
    if (kind != SHARED && kind != EXCLUSIVE && kind != UNLOCK) return fail(Errno::EINVAL);
    LockType type = kind == SHARED ? LockType::read : kind == EXCLUSIVE ? LockType::write : LockType::none;
    return set_lock({&file->inode(), file.get(), type, PLACE, PLACE}, !(wanted & AT_ONCE));
}

static Result<uint64_t> sys_fcntl(int fd, int command, uint64_t argument) {
    constexpr uint64_t FD_CLOEXEC = 1;
    FdTable& table = files().table;
    auto [file, closes_on_exec] = TRY(table.slot(fd));
    switch (command) {
    case F_DUPFD: case F_DUPFD_CLOEXEC:
        if (argument >= table.limit()) return fail(Errno::EINVAL);
        return static_cast<uint64_t>(TRY(table.add(file, command == F_DUPFD_CLOEXEC, static_cast<int>(argument))));
    case F_GETFD: return closes_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD: return TRY(table.set_close_on_exec(fd, argument & FD_CLOEXEC)), 0;
    case F_GETFL: return file->flags();
    case F_SETFL: return file->set_flags(static_cast<uint32_t>(argument)), 0;
    case F_GETLK: case F_SETLK: case F_SETLKW: return TRY(lock_range(*file, command, VirtAddr(argument))), 0;
    }
    return fail(Errno::EINVAL);
}

constinit const SyscallFamily FILE_SYSCALLS = {
    SYSCALL(23, dup), SYSCALL(24, dup3), SYSCALL(25, fcntl), SYSCALL(29, ioctl), SYSCALL(32, flock), SYSCALL(46, ftruncate),
    {47, "fallocate", fails<Errno::EOPNOTSUPP>}, SYSCALL(57, close), SYSCALL(59, pipe2), SYSCALL(62, lseek),
    {63, "read", call<sys_move<IN, HERE>>}, {64, "write", call<sys_move<OUT, HERE>>},
    {65, "readv", call<sys_move_vectors<IN, HERE>>}, {66, "writev", call<sys_move_vectors<OUT, HERE>>},
    {67, "pread64", call<sys_move<IN, THERE>>}, {68, "pwrite64", call<sys_move<OUT, THERE>>},
    {69, "preadv", call<sys_move_vectors<IN, THERE>>}, {70, "pwritev", call<sys_move_vectors<OUT, THERE>>},
    SYSCALL(71, sendfile), {81, "sync", call<sync_file_systems>}, SYSCALL(82, fsync), {83, "fdatasync", call<sys_fsync>},
    SYSCALL(267, syncfs),
};
