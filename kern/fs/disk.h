// The disks of the machine. Programs know them as /dev/vda, /dev/vdb, and so on: what they read and write there goes
// straight to the disk and from it, past every cache.
#pragma once

#include "dev/virtio_blk.h"
#include "fs/devfs.h"

namespace kern {

inline constexpr size_t SECTOR_SIZE = 512;

class BlockDevice {
public:
    constexpr BlockDevice(dev::Disk* disk = nullptr, unsigned number = 0) : disk_(disk), number_(number) {}

    // `bytes`: whole sectors, which the device has, in one run of physical memory. Several threads may call at once.
    // May sleep. EIO.
    Result<> read(uint64_t sector, std::span<std::byte> to);
    Result<> write(uint64_t sector, std::span<const std::byte> from);
    // What was written before is on the disk when this returns. EIO.
    Result<> flush();
    uint64_t sector_count() const { return disk_->sector_count(); }
    bool is_read_only() const { return disk_->is_read_only(); }
    unsigned number() const { return number_; }  // 0: /dev/vda
    uint64_t id() const { return device_number_of(254, 16 * number_); }

private:
    Result<> ask(dev::DiskRequest request);

    dev::Disk* disk_;
    unsigned number_;
};

// Finds the disks. Once, at boot.
void set_up_disks(const Machine& machine);
// The file of disk `number`; null when there are fewer. ENOMEM.
Result<Ref<Inode>> make_disk_file(FileSystem& fs, unsigned number);

}  // namespace kern
