#include "fs/disk.h"

// Whoever waits for a disk: for an answer, or for room to ask.
static constinit WaitQueue waiters;
static constinit std::span<dev::Disk> disks;

Result<> BlockDevice::ask(Kind kind, uint64_t sector, std::span<const std::byte> bytes) {
    using Answer = dev::DiskRequest::Answer;
    // Only Kind::read changes them.
    dev::DiskRequest request{kind, sector, {const_cast<std::byte*>(bytes.data()), bytes.size()}};
    waiters.wait_uninterruptibly([&] { return disk.submit(request); });
    waiters.wait_uninterruptibly([&] { return request.answer.load_acquire() != Answer::none; });
    return request.answer.load() == Answer::done ? Result<>() : fail(Errno::EIO);
}

void set_up_disks(const Machine& machine) {
    reclaim_frames = Vmo::reclaim;  // what a disk holds can be had again
    disks = dev::set_up_disks(machine, [] { waiters.wake_all(); });
}

Result<> add_disks(Directory& devices) {
    for (char name[] = "vda"; dev::Disk& disk : disks) {
        TRY(devices.put(name, TRY(make_ref<BlockDevice>(devices.file_system(), disk, name[2]))));
        name[2]++;
    }
    return {};
}
