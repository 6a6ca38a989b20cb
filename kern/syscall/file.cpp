// System calls on descriptors and the bytes behind them.
#include "fs/pipe.h"
#include "process/signal.h"
#include "syscall/table.h"
#include "syscall/timespec.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

constexpr uint64_t MAX_TRANSFER = 0x7fff'f000;  // as Linux: what one call moves at the most
constexpr int MAX_VECTORS = 1024;               // IOV_MAX

// READING AND WRITING

// EINVAL, EFAULT: before anything else is looked at, as Linux does.
Result<UserBytes> user_bytes(VirtAddr at, uint64_t size) {
    if (static_cast<int64_t>(size) < 0)
        return fail(Errno::EINVAL);
    if (at.value > USER_HALF_END || size > USER_HALF_END - at.value)
        return fail(Errno::EFAULT);
    return UserBytes{at, std::min(size, MAX_TRANSFER)};
}

Result<Ref<File>> get_readable(int fd) {
    Ref<File> file = TRY(get_file(fd));
    return file->can_read() ? Result<Ref<File>>(std::move(file)) : fail(Errno::EBADF);
}

Result<Ref<File>> get_writable(int fd) {
    Ref<File> file = TRY(get_file(fd));
    return file->can_write() ? Result<Ref<File>>(std::move(file)) : fail(Errno::EBADF);
}

// Whoever writes where nobody reads is told by a signal as well.
Result<uint64_t> with_sigpipe(Result<size_t> result) {
    if (!result && result.error() == Errno::EPIPE)
        send_signal(current_process(), SIGPIPE);
    return result;
}

Result<uint64_t> read(const SyscallArgs& args) {
    Ref<File> file = TRY(get_readable(args.integer(0)));
    return file->read(TRY(user_bytes(args.address(1), args[2])));
}

Result<uint64_t> write(const SyscallArgs& args) {
    Ref<File> file = TRY(get_writable(args.integer(0)));
    return with_sigpipe(file->write(TRY(user_bytes(args.address(1), args[2]))));
}

Result<uint64_t> pread(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[3]) < 0)
        return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_readable(args.integer(0)));
    return file->read_at(args[3], TRY(user_bytes(args.address(1), args[2])));
}

Result<uint64_t> pwrite(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[3]) < 0)
        return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_writable(args.integer(0)));
    return with_sigpipe(file->write_at(args[3], TRY(user_bytes(args.address(1), args[2]))));
}

// struct iovec.
struct Vector {
    VirtAddr at;
    uint64_t size;
};

// All lengths and addresses are checked before the first byte moves.
Result<> check_vectors(VirtAddr vectors, int count) {
    uint64_t total = 0;
    if (count < 0 || count > MAX_VECTORS)
        return fail(Errno::EINVAL);
    for (int i = 0; i < count; i++) {
        auto vector = TRY(read_user<Vector>(vectors + static_cast<uint64_t>(i) * sizeof(Vector)));
        TRY(user_bytes(vector.at, vector.size));
        total += vector.size;  // each is below 2^38
    }
    return static_cast<int64_t>(total) < 0 ? fail(Errno::EINVAL) : Result<>();
}

// Calls transfer(UserBytes, bytes so far) for one piece after the other, until one falls short. `event`: that a stream is
// ready for another piece, because having moved some bytes a call does not wait for more.
template <typename Transfer>
Result<uint64_t> transfer_vectors(const SyscallArgs& args, File& file, uint32_t event, Transfer transfer) {
    TRY(check_vectors(args.address(1), args.integer(2)));
    uint64_t done = 0;
    for (int i = 0; i < args.integer(2); i++) {
        auto vector = TRY(read_user<Vector>(args.address(1) + static_cast<uint64_t>(i) * sizeof(Vector)));
        UserBytes bytes = TRY(user_bytes(vector.at, vector.size));
        bytes.size = std::min(bytes.size, MAX_TRANSFER - done);
        if (bytes.size == 0)
            continue;
        if (done && !(file.inode().ready() & event))
            break;
        Result<size_t> moved = transfer(bytes, done);
        if (!moved)
            return done ? Result<uint64_t>(done) : moved;
        done += *moved;
        if (*moved < bytes.size)
            break;
    }
    return done;
}

Result<uint64_t> readv(const SyscallArgs& args) {
    Ref<File> file = TRY(get_readable(args.integer(0)));
    return transfer_vectors(args, *file, poll_event::IN, [&](UserBytes to, uint64_t) { return file->read(to); });
}

Result<uint64_t> writev(const SyscallArgs& args) {
    Ref<File> file = TRY(get_writable(args.integer(0)));
    return with_sigpipe(
        transfer_vectors(args, *file, poll_event::OUT, [&](UserBytes from, uint64_t) { return file->write(from); }));
}

Result<uint64_t> preadv(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[3]) < 0)
        return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_readable(args.integer(0)));
    return transfer_vectors(args, *file, poll_event::IN,
                            [&](UserBytes to, uint64_t done) { return file->read_at(args[3] + done, to); });
}

Result<uint64_t> pwritev(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[3]) < 0)
        return fail(Errno::EINVAL);
    Ref<File> file = TRY(get_writable(args.integer(0)));
    return transfer_vectors(args, *file, poll_event::OUT,
                            [&](UserBytes from, uint64_t done) { return file->write_at(args[3] + done, from); });
}

Result<uint64_t> lseek(const SyscallArgs& args) {
    Ref<File> file = TRY(get_file(args.integer(0)));
    if (args[2] > static_cast<uint64_t>(Whence::end))
        return fail(Errno::EINVAL);
    return file->seek(static_cast<int64_t>(args[1]), static_cast<Whence>(args[2]));
}

Result<uint64_t> ftruncate(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[1]) < 0)
        return fail(Errno::EINVAL);
    TRY(TRY(get_file(args.integer(0)))->resize(args[1]));
    return 0;
}

Result<> write_back(Vmo& vmo) { return vmo.write_back(0, UINT64_MAX); }

Result<uint64_t> fsync(const SyscallArgs& args) {
    Ref<File> file = TRY(get_file(args.integer(0)));
    if (Ref<Vmo> vmo = file->inode().vmo())
        TRY(write_back(*vmo));
    return file->inode().is_seekable() ? Result<uint64_t>(0) : fail(Errno::EINVAL);
}

// Everything is in memory.
Result<uint64_t> sync(const SyscallArgs&) { return 0; }

// DESCRIPTORS

Result<uint64_t> close(const SyscallArgs& args) {
    TRY(files().table.close(args.integer(0)));
    return 0;
}

Result<uint64_t> close_range(const SyscallArgs& args) {
    if (args[2])
        return fail(Errno::EINVAL);
    TRY(files().table.close_range(static_cast<unsigned>(args[0]), static_cast<unsigned>(args[1])));
    return 0;
}

Result<uint64_t> dup(const SyscallArgs& args) {
    return static_cast<uint64_t>(TRY(files().table.add(TRY(get_file(args.integer(0))), false)));
}

Result<uint64_t> dup3(const SyscallArgs& args) {
    if ((args[2] & ~uint64_t{open_flag::CLOSE_ON_EXEC}) || args.integer(0) == args.integer(1))
        return fail(Errno::EINVAL);
    if (static_cast<unsigned>(args.integer(1)) >= files().table.limit())
        return fail(Errno::EBADF);
    TRY(files().table.set(args.integer(1), TRY(get_file(args.integer(0))), args[2] & open_flag::CLOSE_ON_EXEC));
    return static_cast<uint64_t>(args.integer(1));
}

Result<uint64_t> pipe2(const SyscallArgs& args) {
    constexpr uint64_t ALLOWED = open_flag::CLOSE_ON_EXEC | open_flag::NON_BLOCKING;
    if (args[1] & ~ALLOWED)
        return fail(Errno::EINVAL);
    PipeEnds ends = TRY(make_pipe(args[1] & open_flag::NON_BLOCKING));
    FdTable& table = files().table;
    bool close_on_exec = args[1] & open_flag::CLOSE_ON_EXEC;
    struct {
        int reader, writer;
    } fds;
    fds.reader = TRY(table.add(std::move(ends.reader), close_on_exec));
    auto writer = table.add(std::move(ends.writer), close_on_exec);
    fds.writer = writer.value_or(-1);
    Result<> told = writer ? write_user(args.address(0), fds) : fail(writer.error());
    if (told)
        return 0;
    (void)table.close(fds.reader);
    (void)table.close(fds.writer);
    return fail(told.error());
}

Result<uint64_t> duplicate_from(Ref<File> file, uint64_t lowest, bool close_on_exec) {
    if (lowest >= files().table.limit())
        return fail(Errno::EINVAL);
    return static_cast<uint64_t>(TRY(files().table.add(std::move(file), close_on_exec, static_cast<int>(lowest))));
}

Result<uint64_t> fcntl(const SyscallArgs& args) {
    enum { F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_DUPFD_CLOEXEC = 1030 };
    constexpr uint64_t FD_CLOEXEC = 1;
    int fd = args.integer(0);
    Ref<File> file = TRY(get_file(fd));
    switch (args.integer(1)) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate_from(std::move(file), args[2], args.integer(1) == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return TRY(files().table.closes_on_exec(fd)) ? FD_CLOEXEC : 0;
    case F_SETFD:
        TRY(files().table.set_close_on_exec(fd, args[2] & FD_CLOEXEC));
        return 0;
    case F_GETFL:
        return file->flags();
    case F_SETFL:
        file->set_flags(static_cast<uint32_t>(args[2]));
        return 0;
    default:
        return fail(Errno::EINVAL);
    }
}

Result<uint64_t> ioctl(const SyscallArgs& args) {
    constexpr unsigned FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451;
    Ref<File> file = TRY(get_file(args.integer(0)));
    auto request = static_cast<unsigned>(args[1]);
    if (file->has(open_flag::PATH_ONLY))
        return fail(Errno::EBADF);
    if (request == FIOCLEX || request == FIONCLEX) {
        TRY(files().table.set_close_on_exec(args.integer(0), request == FIOCLEX));
        return 0;
    }
    if (request != FIONBIO)
        return file->inode().control(request, args.address(2));
    uint32_t others = file->flags() & ~open_flag::NON_BLOCKING;
    file->set_flags(others | (TRY(read_user<int>(args.address(2))) ? open_flag::NON_BLOCKING : 0));
    return 0;
}

// WAITING FOR SEVERAL

// struct pollfd.
struct PollFile {
    int fd;
    uint16_t wanted, seen;
};

// How many files have something to report.
uint64_t look_at(Vec<PollFile>& list) {
    uint64_t count = 0;
    for (PollFile& item : list) {
        item.seen = 0;
        if (item.fd < 0)
            continue;
        auto file = get_file(item.fd);
        uint32_t always = poll_event::ERROR | poll_event::HANG_UP;
        item.seen = static_cast<uint16_t>(file ? (*file)->inode().ready() & (item.wanted | always) : poll_event::INVALID);
        count += item.seen != 0;
    }
    return count;
}

Result<uint64_t> ppoll(const SyscallArgs& args) {
    if (args[1] > files().table.limit())
        return fail(Errno::EINVAL);
    uint64_t deadline = args[2] ? arch::now_ns() + TRY(read_timespec(args.address(2))) : NEVER;
    Vec<PollFile> list;
    TRY(list.resize(args[1]));
    std::span<PollFile> items(list.data(), list.size());
    TRY(read_user(std::as_writable_bytes(items), args.address(0)));
    uint64_t count = 0;
    auto waited = poll_queue().wait_until([&] { return (count = look_at(list)) != 0; }, deadline);
    if (!waited && waited.error() != Errno::ETIMEDOUT)
        return fail(waited.error());
    TRY(write_user(args.address(0), std::as_bytes(items)));
    return count;
}

constexpr Syscall CALLS[] = {
    {23, "dup", dup},
    {24, "dup3", dup3},
    {25, "fcntl", fcntl},
    {29, "ioctl", ioctl},
    {46, "ftruncate", ftruncate},
    {57, "close", close},
    {59, "pipe2", pipe2},
    {62, "lseek", lseek},
    {63, "read", read},
    {64, "write", write},
    {65, "readv", readv},
    {66, "writev", writev},
    {67, "pread64", pread},
    {68, "pwrite64", pwrite},
    {69, "preadv", preadv},
    {70, "pwritev", pwritev},
    {73, "ppoll", ppoll},
    {81, "sync", sync},
    {82, "fsync", fsync},
    {83, "fdatasync", fsync},
    {436, "close_range", close_range},
};

}  // namespace

constinit const std::span<const Syscall> FILE_SYSCALLS = CALLS;

}  // namespace kern
