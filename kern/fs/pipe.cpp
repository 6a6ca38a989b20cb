#include "fs/file.h"
#include "mm/user_copy.h"

namespace kern {

namespace {

constinit FileSystem pipefs("pipefs", 0x50495045, 12);

constexpr size_t CAPACITY = PIPE_CAPACITY, FRAMES = CAPACITY / PAGE_SIZE;
constexpr size_t ATOMIC_WRITE = 4096;  // PIPE_BUF: no other writer's bytes come between these

// A ring of frames; one that is read to its end goes.
//
//     frames_   [ . ][ . ][ ==== ][ ====== ][ === ][ . ] ...        byte n is in frame n / PAGE_SIZE % FRAMES
//                            ^ read_             ^ written_
class Pipe final : public Inode {
public:
    Pipe(FileSystem& fs, uint32_t permissions) : Inode(fs, mode_of(InodeType::fifo, permissions)) {}

    bool is_seekable() const override { return false; }
    Result<> opened(File& file) override;
    void closed(File& file) override { count(file, -1); }
    Result<size_t> read(File& file, UserBytes to) override;
    Result<size_t> write(File& file, UserBytes from) override;
    Result<> control(unsigned request, VirtAddr argument) override;
    uint32_t ready() override;

private:
    void count(File& file, int change);
    void changed() {
        events_.wake_all();
        poll_changed();
    }
    size_t used() const { return written_.load() - read_.load(); }
    template <typename Condition>
    Result<> await(File& file, Condition condition);
    Result<size_t> drain(UserBytes to);
    Result<size_t> fill(UserBytes from);

    Mutex bytes_{LockRank::inode};      // what follows changes with it
    FrameRef frames_[FRAMES];
    Atomic<uint64_t> read_, written_;   // bytes so far
    Atomic<int> readers_, writers_;
    Atomic<int> readers_so_far_, writers_so_far_;
    WaitQueue events_;
};

void Pipe::count(File& file, int change) {
    if (file.can_read())
        readers_.fetch_add(change);
    if (file.can_write())
        writers_.fetch_add(change);
    changed();
}

// A fifo's end waits until the other is opened, be it for a moment only; who does not wait may not write to nobody.
Result<> Pipe::opened(File& file) {
    count(file, 1);
    bool waits = !file.has(open_flag::NON_BLOCKING);
    if (!waits && !readers_.load()) return fail(Errno::ENXIO);
    int readers_before = readers_so_far_.load(), writers_before = writers_so_far_.load();
    readers_so_far_.fetch_add(file.can_read());
    writers_so_far_.fetch_add(file.can_write());
    changed();
    if (waits)
        TRY(events_.wait_until([&] {
            return (readers_.load() || readers_so_far_.load() != readers_before) &&
                   (writers_.load() || writers_so_far_.load() != writers_before);
        }));
    return {};
}

// Sleeps until the condition holds. It may not hold any more when bytes_ is taken.
template <typename Condition>
Result<> Pipe::await(File& file, Condition condition) {
    if (!condition() && file.has(open_flag::NON_BLOCKING)) return fail(Errno::EAGAIN);
    TRY(events_.wait_until(condition));
    return {};
}

Result<size_t> Pipe::read(File& file, UserBytes to) {
    auto readable = [&] { return used() || writers_.load() == 0; };
    while (to.size) {
        TRY(await(file, readable));
        LockGuard guard(bytes_);
        if (readable()) return drain(to);
    }
    return 0;
}

Result<size_t> Pipe::drain(UserBytes to) {
    size_t wanted = std::min(to.size, used()), done = 0;
    while (done < wanted) {
        uint64_t at = read_.load();
        FrameRef& frame = frames_[at / PAGE_SIZE % FRAMES];
        size_t part = std::min(wanted - done, PAGE_SIZE - at % PAGE_SIZE);
        size_t copied = to.copy_in(frame->data() + at % PAGE_SIZE, done, part);
        done += copied;
        read_.store(at + copied);
        bool is_written_again = written_.load() / PAGE_SIZE == at / PAGE_SIZE + FRAMES;
        if ((at + copied) % PAGE_SIZE == 0 && !is_written_again)
            frame = {};
        if (copied < part) break;
    }
    changed();
    return done || !wanted ? Result<size_t>(done) : fail(Errno::EFAULT);
}

// Short writes are put in whole, longer ones as room comes free.
Result<size_t> Pipe::write(File& file, UserBytes from) {
    for (size_t done = 0; done < from.size;) {
        size_t least = from.size <= ATOMIC_WRITE ? from.size : 1;
        auto writable = [&] { return readers_.load() == 0 || CAPACITY - used() >= least; };
        Result<> ready = await(file, writable);
        LockGuard guard(bytes_);
        if (ready && !writable()) continue;
        auto put = ready ? fill(from.from(done)) : fail(ready.error());
        if (!put) return done ? Result<size_t>(done) : put;
        done += *put;
    }
    return from.size;
}

// Puts in as much as fits. EPIPE: nobody will read it.
Result<size_t> Pipe::fill(UserBytes from) {
    if (readers_.load() == 0) return fail(Errno::EPIPE);
    size_t wanted = std::min(from.size, CAPACITY - used()), done = 0;
    while (done < wanted) {
        uint64_t at = written_.load();
        FrameRef& frame = frames_[at / PAGE_SIZE % FRAMES];
        if (!frame) {
            auto fresh = FrameRef::allocate(FrameUse::kernel, Fill::none);
            if (!fresh && !done) return fail(fresh.error());
            if (!fresh) break;
            frame = *std::move(fresh);
        }
        size_t part = std::min(wanted - done, PAGE_SIZE - at % PAGE_SIZE);
        size_t copied = from.copy_out(frame->data() + at % PAGE_SIZE, done, part);
        done += copied;
        written_.store(at + copied);
        if (copied < part) break;
    }
    changed();
    return done ? Result<size_t>(done) : fail(Errno::EFAULT);
}

Result<> Pipe::control(unsigned request, VirtAddr argument) {
    constexpr unsigned FIONREAD = 0x541b;
    return request == FIONREAD ? write_user(argument, static_cast<int>(used())) : fail(Errno::ENOTTY);
}

uint32_t Pipe::ready() {
    uint32_t events = (used() ? poll_event::IN : 0) | (CAPACITY - used() >= ATOMIC_WRITE ? poll_event::OUT : 0);
    bool is_left = !writers_.load() && writers_so_far_.load();
    return events | (is_left ? poll_event::HANG_UP : 0) | (readers_.load() ? 0 : poll_event::ERROR);
}

}  // namespace

Result<Ref<Inode>> make_fifo(FileSystem& fs, uint32_t mode) { return TRY(make_ref<Pipe>(fs, mode & PERMISSION_BITS)); }

// Neither end waits for the other to be opened.
Result<PipeEnds> make_pipe(uint32_t flags) {
    Ref<Inode> pipe = TRY(make_fifo(pipefs, 0600));
    auto reader = TRY(File::open(pipe, open_flag::NON_BLOCKING));
    auto writer = TRY(File::open(pipe, flags | open_flag::WRITE_ONLY));
    reader->set_flags(flags);
    return PipeEnds{std::move(reader), std::move(writer)};
}

}  // namespace kern
