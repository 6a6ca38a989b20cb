#include <cstring>

#include "fs/file.h"
#include "mm/user_copy.h"

namespace kern {

namespace {

constinit FileSystem pipefs("pipefs", 0x50495045, 12);

constexpr size_t CAPACITY = 65'536;
constexpr size_t ATOMIC_WRITE = 4096;  // PIPE_BUF: no other writer's bytes come between these

// A ring of bytes that takes as many frames as it ever had to hold.
class Pipe final : public Inode {
public:
    Pipe() : Inode(pipefs, static_cast<uint32_t>(InodeType::fifo) | 0600) {}
    ~Pipe() override { ::operator delete(ring_); }

    bool is_seekable() const override { return false; }
    void opened(File& file) override { count(file, 1); }
    void closed(File& file) override { count(file, -1); }
    Result<size_t> read(File& file, UserBytes to) override;
    Result<size_t> write(File& file, UserBytes from) override;
    uint32_t ready() override;

private:
    void count(File& file, int change);
    void changed() {
        events_.wake_all();
        poll_changed();
    }
    size_t room() const { return CAPACITY - used_.load(); }
    Result<> make_room(size_t wanted);
    template <typename Copy>
    size_t in_pieces(size_t at, size_t size, Copy copy);
    template <typename Condition>
    Result<> await(File& file, Condition condition);
    Result<size_t> drain(UserBytes to);
    Result<size_t> fill(UserBytes from);

    Mutex bytes_{LockRank::inode};  // what follows
    std::byte* ring_ = nullptr;
    size_t ring_size_ = 0;
    size_t first_ = 0;              // where in the ring the oldest byte is
    Atomic<uint64_t> used_;         // changed with bytes_ only
    Atomic<int> reader_count_, writer_count_;
    WaitQueue events_;
};

void Pipe::count(File& file, int change) {
    if (file.can_read())
        reader_count_.fetch_add(change);
    if (file.can_write())
        writer_count_.fetch_add(change);
    changed();
}

// Doubles the ring until `wanted` more bytes fit. ENOMEM.
Result<> Pipe::make_room(size_t wanted) {
    size_t used = used_.load(), size = ring_size_ ? ring_size_ : PAGE_SIZE;
    while (size < used + wanted)
        size *= 2;
    if (size == ring_size_) return {};
    auto* ring = static_cast<std::byte*>(::operator new(size, std::nothrow));
    if (!ring) return fail(Errno::ENOMEM);
    size_t done = 0;
    in_pieces(first_, used, [&](std::byte* piece, size_t size) {
        memcpy(ring + done, piece, size);
        done += size;
        return size;
    });
    ::operator delete(std::exchange(ring_, ring));
    ring_size_ = size;
    first_ = 0;
    return {};
}

// Calls copy(bytes, size) for the one or two pieces of the ring that `size` bytes from `at` on are; stops when it copies less.
template <typename Copy>
size_t Pipe::in_pieces(size_t at, size_t size, Copy copy) {
    at %= std::max<size_t>(ring_size_, 1);
    size_t first = std::min(size, ring_size_ - at);
    size_t copied = first ? copy(ring_ + at, first) : 0;
    return copied < first || size == first ? copied : copied + copy(ring_, size - first);
}

// Sleeps until the condition holds. It may not hold any more when bytes_ is taken.
template <typename Condition>
Result<> Pipe::await(File& file, Condition condition) {
    if (!condition() && file.has(open_flag::NON_BLOCKING)) return fail(Errno::EAGAIN);
    TRY(events_.wait_until(condition));
    return {};
}

Result<size_t> Pipe::read(File& file, UserBytes to) {
    auto readable = [&] { return used_.load() || writer_count_.load() == 0; };
    while (to.size) {
        TRY(await(file, readable));
        LockGuard guard(bytes_);
        if (readable()) return drain(to);
    }
    return 0;
}

Result<size_t> Pipe::drain(UserBytes to) {
    size_t wanted = std::min<size_t>(to.size, used_.load()), done = 0;
    size_t copied = in_pieces(first_, wanted, [&](std::byte* piece, size_t size) {
        size_t count = arch::user_write(to.at + done, piece, size);
        done += count;
        return count;
    });
    if (wanted && !copied) return fail(Errno::EFAULT);
    first_ = (first_ + copied) % std::max<size_t>(ring_size_, 1);
    used_.fetch_sub(copied);
    changed();
    return copied;
}

// Short writes are put in whole, longer ones as room comes free.
Result<size_t> Pipe::write(File& file, UserBytes from) {
    for (size_t done = 0; done < from.size;) {
        size_t least = from.size <= ATOMIC_WRITE ? from.size : 1;
        auto writable = [&] { return reader_count_.load() == 0 || room() >= least; };
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
    if (reader_count_.load() == 0) return fail(Errno::EPIPE);
    size_t wanted = std::min(from.size, room()), done = 0;
    TRY(make_room(wanted));
    size_t copied = in_pieces(first_ + used_.load(), wanted, [&](std::byte* piece, size_t size) {
        size_t count = arch::user_read(piece, from.at + done, size);
        done += count;
        return count;
    });
    used_.fetch_add(copied);
    changed();
    return copied ? Result<size_t>(copied) : fail(Errno::EFAULT);
}

uint32_t Pipe::ready() {
    uint32_t events = (used_.load() ? poll_event::IN : 0) | (room() >= ATOMIC_WRITE ? poll_event::OUT : 0);
    return events | (writer_count_.load() ? 0 : poll_event::HANG_UP) | (reader_count_.load() ? 0 : poll_event::ERROR);
}

}  // namespace

Result<PipeEnds> make_pipe(uint32_t flags) {
    Ref<Inode> pipe = TRY(make_ref<Pipe>());
    return PipeEnds{TRY(File::open(pipe, flags)), TRY(File::open(pipe, flags | open_flag::WRITE_ONLY))};
}

}  // namespace kern
