// A device of blocks: a disk. Whoever drives one derives from this and hands it to add_block_device().
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace kern::dev {

class BlockDevice {
public:
    static constexpr size_t SECTOR = 512;

    // `size` and `sector * SECTOR` within the device, `size` a multiple of SECTOR. May sleep; several threads may call at
    // once. EIO.
    virtual Result<> read(uint64_t sector, std::span<std::byte> to) = 0;
    virtual Result<> write(uint64_t sector, std::span<const std::byte> from) = 0;
    // What was written before is on the disk when this returns. EIO.
    virtual Result<> flush() = 0;
    virtual uint64_t sector_count() const = 0;

protected:
    ~BlockDevice() = default;
};

}  // namespace kern::dev
