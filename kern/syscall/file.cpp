// System calls on descriptors and the bytes behind them.
#include "fs/mount.h"
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
    if (static_cast<int64_t>(size) < 0) return fail(Errno::EINVAL);
    if (at.value > USER_HALF_END || size > USER_HALF_END - at.value) return fail(Errno::EFAULT);
    return UserBytes{at, std::min(size, MAX_TRANSFER)};
}

enum class Direction { in, out };
enum class Where { offset, argument };  // a call works at the file's offset, or where its fourth argument says

Result<Ref<File>> get_open(int fd, Direction direction) {
    Ref<File> file = TRY(get_file(fd));
    bool is_open = direction == Direction::in ? file->can_read() : file->can_write();
    return is_open ? Result<Ref<File>>(std::move(file)) : fail(Errno::EBADF);
}

Result<FilePlace> place_of(Where where, const SyscallArgs& args) {
    if (where == Where::offset) return FilePlace();
    return static_cast<int64_t>(args[3]) < 0 ? Result<FilePlace>(fail(Errno::EINVAL)) : FilePlace(args[3]);
}

// Whoever writes where nobody reads is told by a signal as well.
Result<size_t> transfer(Direction direction, File& file, UserBytes bytes, FilePlace place) {
    if (direction == Direction::in) return file.read(bytes, place);
    Result<size_t> moved = file.write(bytes, place);
    if (!moved && moved.error() == Errno::EPIPE)
        send_signal(current_process(), SIGPIPE);
    return moved;
}

// read(2), pread(2) and so on.
template <Direction direction, Where where>
Result<uint64_t> move_bytes(const SyscallArgs& args) {
    FilePlace place = TRY(place_of(where, args));
    Ref<File> file = TRY(get_open(args.integer(0), direction));
    return transfer(direction, *file, TRY(user_bytes(args.address(1), args[2])), place);
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

// All addresses and lengths, each below 2^38, are checked before the first byte moves.
Result<> check_vectors(VirtAddr vectors, int count) {
    if (count < 0 || count > MAX_VECTORS) return fail(Errno::EINVAL);
    for (int i = 0; i < count; i++)
        TRY(vector_at(vectors, i));
    return {};
}

// readv(2) and so on: one piece after the other, until one falls short. Having moved some bytes, a call does not wait for a
// stream to be ready for more.
template <Direction direction, Where where>
Result<uint64_t> move_vectors(const SyscallArgs& args) {
    FilePlace place = TRY(place_of(where, args));
    Ref<File> file = TRY(get_open(args.integer(0), direction));
    TRY(check_vectors(args.address(1), args.integer(2)));
    uint64_t done = 0;
    for (int i = 0; i < args.integer(2); i++) {
        UserBytes bytes = TRY(vector_at(args.address(1), i));
        bytes.size = std::min(bytes.size, MAX_TRANSFER - done);
        if (bytes.size == 0) continue;
        if (done && !(file->inode().ready() & (direction == Direction::in ? poll_event::IN : poll_event::OUT))) break;
        Result<size_t> moved = transfer(direction, *file, bytes, place);
        if (!moved) return done ? Result<uint64_t>(done) : moved;
        done += *moved;
        if (*moved < bytes.size) break;
        if (place)
            *place += *moved;
    }
    return done;
}

Result<uint64_t> lseek(const SyscallArgs& args) {
    Ref<File> file = TRY(get_file(args.integer(0)));
    if (args[2] > static_cast<uint64_t>(Whence::end)) return fail(Errno::EINVAL);
    return file->seek(static_cast<int64_t>(args[1]), static_cast<Whence>(args[2]));
}

Result<> ftruncate(const SyscallArgs& args) {
    if (static_cast<int64_t>(args[1]) < 0) return fail(Errno::EINVAL);
    return TRY(get_file(args.integer(0)))->resize(args[1]);
}

Result<> sys_fsync(int fd) {
    Ref<File> file = TRY(get_file(fd));
    return file->inode().is_seekable() ? file->inode().sync() : fail(Errno::EINVAL);
}

Result<> sys_sync() {
    sync_file_systems();
    return {};
}

Result<> sys_syncfs(int fd) { return TRY(get_file(fd))->inode().file_system().sync(); }

// DESCRIPTORS

Result<> close(const SyscallArgs& args) { return files().table.close(args.integer(0)); }

Result<> close_range(const SyscallArgs& args) {
    if (args[2]) return fail(Errno::EINVAL);
    return files().table.close_range(static_cast<unsigned>(args[0]), static_cast<unsigned>(args[1]));
}

Result<uint64_t> dup(const SyscallArgs& args) {
    return static_cast<uint64_t>(TRY(files().table.add(TRY(get_file(args.integer(0))), false)));
}

Result<uint64_t> dup3(const SyscallArgs& args) {
    if ((args[2] & ~uint64_t{open_flag::CLOSE_ON_EXEC}) || args.integer(0) == args.integer(1))
        return fail(Errno::EINVAL);
    if (static_cast<unsigned>(args.integer(1)) >= files().table.limit()) return fail(Errno::EBADF);
    TRY(files().table.set(args.integer(1), TRY(get_file(args.integer(0))), args[2] & open_flag::CLOSE_ON_EXEC));
    return static_cast<uint64_t>(args.integer(1));
}

Result<> pipe2(const SyscallArgs& args) {
    constexpr uint64_t ALLOWED = open_flag::CLOSE_ON_EXEC | open_flag::NON_BLOCKING;
    if (args[1] & ~ALLOWED) return fail(Errno::EINVAL);
    PipeEnds ends = TRY(make_pipe(args[1] & open_flag::NON_BLOCKING));
    FdTable& table = files().table;
    bool close_on_exec = args[1] & open_flag::CLOSE_ON_EXEC;
    int reader = TRY(table.add(std::move(ends.reader), close_on_exec));
    auto writer = table.add(std::move(ends.writer), close_on_exec);
    int fds[] = {reader, writer.value_or(-1)};
    Result<> told = writer ? write_user(args.address(0), std::as_bytes(std::span(fds))) : fail(writer.error());
    if (!told)
        for (int fd : fds)
            (void)table.close(fd);
    return told;
}

Result<uint64_t> duplicate_from(Ref<File> file, uint64_t lowest, bool close_on_exec) {
    if (lowest >= files().table.limit()) return fail(Errno::EINVAL);
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

Result<> ioctl(const SyscallArgs& args) {
    constexpr unsigned FIONBIO = 0x5421, FIONCLEX = 0x5450, FIOCLEX = 0x5451;
    Ref<File> file = TRY(get_file(args.integer(0)));
    auto request = static_cast<unsigned>(args[1]);
    if (file->has(open_flag::PATH_ONLY)) return fail(Errno::EBADF);
    if (request == FIOCLEX || request == FIONCLEX)
        return files().table.set_close_on_exec(args.integer(0), request == FIOCLEX);
    if (request != FIONBIO) return file->inode().control(request, args.address(2));
    uint32_t others = file->flags() & ~open_flag::NON_BLOCKING;
    file->set_flags(others | (TRY(read_user<int>(args.address(2))) ? open_flag::NON_BLOCKING : 0));
    return {};
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
        if (item.fd < 0) continue;
        auto file = get_file(item.fd);
        uint32_t always = poll_event::ERROR | poll_event::HANG_UP;
        item.seen = static_cast<uint16_t>(file ? (*file)->inode().ready() & (item.wanted | always) : poll_event::INVALID);
        count += item.seen != 0;
    }
    return count;
}

Result<uint64_t> ppoll(const SyscallArgs& args) {
    if (args[1] > files().table.limit()) return fail(Errno::EINVAL);
    uint64_t deadline = args[2] ? arch::now_ns() + TRY(read_timespec(args.address(2))) : NEVER;
    Vec<PollFile> list;
    TRY(list.resize(args[1]));
    std::span<PollFile> items(list.data(), list.size());
    TRY(read_user(std::as_writable_bytes(items), args.address(0)));
    uint64_t count = 0;
    auto waited = poll_queue().wait_until([&] { return (count = look_at(list)) != 0; }, deadline);
    if (!waited && waited.error() != Errno::ETIMEDOUT) return fail(waited.error());
    TRY(write_user(args.address(0), std::as_bytes(items)));
    return count;
}

constexpr Direction IN = Direction::in, OUT = Direction::out;
constexpr Where HERE = Where::offset, THERE = Where::argument;

constexpr Syscall CALLS[] = {
    {23, "dup", dup},                   {24, "dup3", dup3},                         {25, "fcntl", fcntl},
    {29, "ioctl", plain<ioctl>},        {46, "ftruncate", plain<ftruncate>},        {57, "close", plain<close>},
    {59, "pipe2", plain<pipe2>},        {62, "lseek", lseek},                       {73, "ppoll", ppoll},
    {81, "sync", call<sys_sync>},       {82, "fsync", call<sys_fsync>},             {83, "fdatasync", call<sys_fsync>},
    {267, "syncfs", call<sys_syncfs>},
    {436, "close_range", plain<close_range>},
    {63, "read", move_bytes<IN, HERE>}, {67, "pread64", move_bytes<IN, THERE>},
    {64, "write", move_bytes<OUT, HERE>}, {68, "pwrite64", move_bytes<OUT, THERE>},
    {65, "readv", move_vectors<IN, HERE>}, {69, "preadv", move_vectors<IN, THERE>},
    {66, "writev", move_vectors<OUT, HERE>}, {70, "pwritev", move_vectors<OUT, THERE>},
};

}  // namespace

constinit const std::span<const Syscall> FILE_SYSCALLS = CALLS;

}  // namespace kern
