#include "fs/disk.h"

#include "mm/user_copy.h"

namespace kern {

namespace {

using dev::DiskRequest;

// Whoever waits for a disk: for an answer, or for room to ask.
constinit WaitQueue waiters;

constinit BlockDevice devices[dev::MAX_DISKS] = {};
unsigned device_count;

}  // namespace

Result<> BlockDevice::ask(DiskRequest request) {
    waiters.wait_uninterruptibly([&] { return disk_->submit(request); });
    waiters.wait_uninterruptibly([&] { return request.answer.load_acquire() != DiskRequest::Answer::none; });
    return request.answer.load() == DiskRequest::Answer::done ? Result<>() : fail(Errno::EIO);
}

Result<> BlockDevice::read(uint64_t sector, std::span<std::byte> to) {
    return ask({.kind = DiskRequest::Kind::read, .sector = sector, .bytes = to});
}

Result<> BlockDevice::write(uint64_t sector, std::span<const std::byte> from) {
    std::span bytes(const_cast<std::byte*>(from.data()), from.size());  // the device only reads them
    return ask({.kind = DiskRequest::Kind::write, .sector = sector, .bytes = bytes});
}

Result<> BlockDevice::flush() { return ask({.kind = DiskRequest::Kind::flush}); }

// THE FILE

namespace {

class DiskFile final : public Inode {
public:
    DiskFile(FileSystem& fs, unsigned number)
        : Inode(fs, mode_of(InodeType::block, 0600)), device_(devices[number]) {}
    uint64_t size() override { return device_.sector_count() * SECTOR_SIZE; }
    uint64_t device_number() const override { return device_.id(); }
    BlockDevice* block_device() override { return &device_; }
    Result<> sync() override { return device_.flush(); }

    Result<size_t> read_at(File&, uint64_t offset, UserBytes to) override {
        return by_pages(offset, to, [&](std::byte* bytes, size_t done, size_t part) -> Result<size_t> {
            return to.copy_in(bytes, done, part);
        });
    }
    Result<size_t> write_at(File&, uint64_t offset, UserBytes from) override {
        if (offset >= size() && from.size) return fail(Errno::ENOSPC);
        return by_pages(offset, from, [&](std::byte* bytes, size_t done, size_t part) -> Result<size_t> {
            size_t copied = from.copy_out(bytes, done, part);
            std::byte* page = bytes - (offset + done) % PAGE_SIZE;
            TRY(device_.write(sector_at(offset + done), {page, page_bytes(offset + done)}));
            return copied;
        });
    }
    // BLKGETSIZE64 and BLKSSZGET.
    Result<> control(unsigned request, VirtAddr argument) override {
        if (request == 0x80081272) return write_user(argument, size());
        return request == 0x1268 ? write_user(argument, uint32_t{SECTOR_SIZE}) : fail(Errno::ENOTTY);
    }

private:
    // Of the page of the disk that holds this byte: where it begins, and how much of it there is.
    static uint64_t sector_at(uint64_t offset) { return align_down(offset, PAGE_SIZE) / SECTOR_SIZE; }
    size_t page_bytes(uint64_t offset) { return std::min<uint64_t>(PAGE_SIZE, size() - align_down(offset, PAGE_SIZE)); }

    // Reads page after page, and calls move(bytes, done, part) for what was asked of each.
    template <typename Move>
    Result<size_t> by_pages(uint64_t offset, UserBytes asked, Move move) {
        FrameRef page = TRY(FrameRef::allocate(FrameUse::kernel, Fill::none));
        size_t total = offset < size() ? std::min<uint64_t>(asked.size, size() - offset) : 0, done = 0;
        while (done < total) {
            uint64_t at = offset + done;
            size_t part = std::min<size_t>(total - done, PAGE_SIZE - at % PAGE_SIZE);
            Result<> read = device_.read(sector_at(at), {page->data(), page_bytes(at)});
            Result<size_t> moved = read ? move(page->data() + at % PAGE_SIZE, done, part) : fail(read.error());
            if (!moved && !done) return moved;
            done += moved.value_or(0);
            if (moved.value_or(0) < part) return done ? Result<size_t>(done) : fail(Errno::EFAULT);
        }
        return done;
    }

    BlockDevice& device_;
};

}  // namespace

void set_up_disks(const Machine& machine) {
    reclaim_frames = Vmo::reclaim;  // what a disk holds can be had again
    for (dev::Disk& disk : dev::set_up_disks(machine, [] { waiters.wake_all(); })) {
        devices[device_count] = BlockDevice(&disk, device_count);
        device_count++;
    }
}

Result<Ref<Inode>> make_disk_file(FileSystem& fs, unsigned number) {
    if (number >= device_count) return Ref<Inode>();
    return TRY(make_ref<DiskFile>(fs, number));
}

}  // namespace kern
