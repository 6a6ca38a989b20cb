// Disks: the virtio block device. A request is handed over and answered later, by an interrupt, so that several are
// under way at a time; nothing here sleeps. fs/disk.cpp makes calls of it that do.
#pragma once

#include "base/fdt.h"

namespace dev {

inline constexpr unsigned MAX_DISKS = 4;

// Stays where it is until it is answered.
struct DiskRequest {
    enum class Kind : uint32_t { read = 0, write = 1, flush = 4 };  // as the device numbers them
    enum class Answer : uint32_t { none, done, failed };

    Kind kind;
    uint64_t sector = 0;
    std::span<std::byte> bytes = {};  // whole sectors; one run of physical memory
    Atomic<Answer> answer{};
};

class Disk {
public:
    uint64_t sector_count() const { return sector_count_; }
    bool is_read_only() const { return is_read_only_; }
    // Hands a request to the device; false when it has as many as it can take: try again after the next answer. A
    // flush is answered when all writes answered before are on the medium. Any context.
    bool submit(DiskRequest& request);

private:
    friend std::span<Disk> set_up_disks(const Machine&, void (*)());
    bool start(const DeviceSlot& slot, unsigned number);
    bool take_answers();
    static void on_interrupt();

    static constexpr unsigned SLOTS = 16;
    struct Slot {
        uint32_t kind, reserved;  // what the device reads first
        uint64_t sector;
        uint8_t status;           // what it writes last
        DiskRequest* request;     // null: the slot is free
    };
    struct Queue {
        Slot slots[SLOTS] = {};
        uint16_t seen = 0;  // how many answers, modulo 2^16
    };

    PhysAddr registers_;
    unsigned number_ = 0;
    uint64_t sector_count_ = 0;
    bool is_read_only_ = false;
    Locked<Queue, IrqSpinLock> queue_{LockRank::device};
};

// Finds the disks, in the order of the machine's slots. From here on `on_answer` is called, in interrupt context, after
// requests were answered.
std::span<Disk> set_up_disks(const Machine& machine, void (*on_answer)());

}  // namespace dev
