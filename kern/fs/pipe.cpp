#include "fs/file.h"
#include "mm/user_copy.h"

static constinit FileSystem pipefs("pipefs", 0x50495045, 12);

constexpr size_t CAPACITY = PIPE_CAPACITY, FRAMES = CAPACITY / PAGE_SIZE;
constexpr size_t ATOMIC_WRITE = 4096;  // PIPE_BUF: no other writer's bytes come between these

// A ring of as many frames as it ever had to hold.
//
//     frames_   [ . ][ . ][ ==== ][ ====== ][ === ][ . ] ...        byte n is in frame n / PAGE_SIZE % FRAMES
//                            ^ read_             ^ written_
struct Pipe final : Inode {
    Pipe() : Inode(pipefs, mode_of(InodeType::fifo, 0600), 1) {}

    bool is_seekable() const override { return false; }

    void opened(File& file) override { count(file, 1); }
    void closed(File& file) override { count(file, -1); }

    Result<size_t> read(File& file, uint64_t, UserBytes to) override {
        if (!to.size) return 0;
        return await(file, [&]() -> std::optional<Result<size_t>> {
            if (!used() && writers_.load()) return std::nullopt;
            return in_pieces(read_, std::min(to.size, used()), [&](std::byte* bytes, size_t done, size_t count) {
                return to.copy_in(bytes, done, count);
            });
        });
    }

    // Short writes are put in whole, longer ones as room comes free. EPIPE: nobody will read it.
    Result<size_t> write(File& file, uint64_t, UserBytes from) override {
        for (size_t done = 0; done < from.size;) {
            size_t least = from.size <= ATOMIC_WRITE ? from.size : 1;
            UserBytes rest = from.from(done);
            auto put = await(file, [&]() -> std::optional<Result<size_t>> {
                if (!readers_.load()) return fail(Errno::EPIPE);
                size_t room = CAPACITY - used();
                if (room < least) return std::nullopt;
                return in_pieces(written_, std::min(rest.size, room), [&](std::byte* bytes, size_t done, size_t count) {
                    return rest.copy_out(bytes, done, count);
                });
            });
            if (!put) return done ? Result<size_t>(done) : put;
            done += *put;
        }
        return from.size;
    }

    Result<> control(unsigned request, VirtAddr argument) override {
        constexpr unsigned FIONREAD = 0x541b;
        return request == FIONREAD ? write_user(argument, static_cast<int>(used())) : fail(Errno::ENOTTY);
    }

    uint32_t ready() override {
        uint32_t events = (used() ? poll_event::IN : 0) | (CAPACITY - used() >= ATOMIC_WRITE ? poll_event::OUT : 0);
        return events | (writers_.load() ? 0 : poll_event::HANG_UP) | (readers_.load() ? 0 : poll_event::ERROR);
    }

    size_t used() const { return written_.load() - read_.load(); }

    void changed() {
        events_.wake_all();
        poll_changed();
    }

    void count(File& file, int change) {
        readers_.fetch_add(file.can_read() ? change : 0);
        writers_.fetch_add(file.can_write() ? change : 0);
        changed();
    }

    // Calls attempt() with bytes_ held until it gives something, and sleeps meanwhile. EAGAIN, EINTR.
    Result<size_t> await(File& file, auto attempt) {
        std::optional<Result<size_t>> result;
        TRY(events_.wait_until([&] {
            LockGuard guard(bytes_);
            result = attempt();
            return result.has_value();
        }, file.has(open_flag::NON_BLOCKING) ? WaitQueue::AT_ONCE : NEVER));
        return *result;
    }

    // Calls copy(bytes, done, count) for each piece of a frame from `position` on, which goes along.
    Result<size_t> in_pieces(Atomic<uint64_t>& position, size_t size, auto copy) {
        auto moved = in_parts<PAGE_SIZE>(position.load(), size, [&](size_t done, size_t part) -> Result<size_t> {
            uint64_t at = position.load();
            FrameRef& frame = frames_[at / PAGE_SIZE % FRAMES];
            if (!frame) frame = TRY(FrameRef::allocate(FrameUse::kernel, Fill::none));
            size_t copied = TRY(copy(frame->data() + at % PAGE_SIZE, done, part));
            position.store(at + copied);
            return copied;
        });
        changed();
        return moved;
    }

    Mutex bytes_{LockRank::inode};      // what follows changes with it
    FrameRef frames_[FRAMES];
    Atomic<uint64_t> read_, written_;   // bytes so far
    Atomic<int> readers_, writers_;
    WaitQueue events_;
};

Result<PipeEnds> make_pipe(uint32_t flags) {
    Ref<Inode> pipe = TRY(make_ref<Pipe>());
    auto reader = TRY(File::open(pipe, flags)), writer = TRY(File::open(pipe, flags | open_flag::WRITE_ONLY));
    return PipeEnds{std::move(reader), std::move(writer)};
}
