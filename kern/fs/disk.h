// The disks of the machine: /dev/vda, /dev/vdb, and so on. Programs can mount them, and no more.
#pragma once

#include "dev/virtio_blk.h"
#include "fs/devfs.h"

inline constexpr size_t SECTOR_SIZE = 512;

class BlockDevice final : public Inode {
public:
    using Kind = dev::DiskRequest::Kind;

    // `letter`: the last of its name.
    BlockDevice(FileSystem& fs, dev::Disk& disk_, char letter_)
        : Inode(fs, mode_of(InodeType::block, 0600)), disk(disk_), letter(letter_) {
        device_number_ = device_number_of(254, 16u * static_cast<unsigned>(letter - 'a'));
    }
    BlockDevice* block_device() override { return this; }

    // `bytes`: whole sectors, which the device has, in one run of physical memory. What was written before a flush is
    // on the disk when that returns. Several threads may ask at once. May sleep. EIO.
    Result<> ask(Kind kind, uint64_t sector = 0, std::span<const std::byte> bytes = {});

    dev::Disk& disk;
    const char letter;
};

// Finds the disks. Once, at boot.
void set_up_disks(const Machine& machine);
