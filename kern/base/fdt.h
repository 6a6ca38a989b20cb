// What the firmware's flattened device tree says about the machine (Devicetree Specification v0.4, chapter 5).
// Nothing in the tree is trusted: every offset is checked, and a malformed tree is EINVAL.
#pragma once

// A device's registers and its line at the interrupt controller. Absent: size 0.
struct DeviceSlot {
    PhysAddr base;
    uint64_t size = 0;
    uint32_t irq = 0;
};

struct Machine {
    static constexpr size_t MAX_HARTS = 8;
    static constexpr size_t MAX_VIRTIO = 8;

    PhysAddr memory_start;
    PhysAddr memory_end;  // of the lowest run of RAM; a second one is left alone
    uint32_t hart_ids[MAX_HARTS] = {};
    size_t hart_count = 0;
    uint64_t timebase_hz = 0;

    DeviceSlot uart;   // ns16550a
    DeviceSlot plic;   // interrupt controller
    DeviceSlot power;  // sifive,test0
    DeviceSlot rtc;    // google,goldfish-rtc
    DeviceSlot virtio[MAX_VIRTIO];
    size_t virtio_count = 0;

    PhysAddr initrd_start;
    PhysAddr initrd_end;  // equal to the start when there is none
    // These point into the blob.
    std::span<char> boot_arguments;
    std::span<const std::byte> random_seed;
};

// The size of the tree that begins with these bytes (at least 40 of them), for who does not know where it ends. EINVAL.
Result<size_t> device_tree_size(std::span<std::byte> header);

// Reads the tree. EINVAL: malformed, or it names no memory, or no clock slower than a tick a nanosecond.
Result<Machine> read_device_tree(std::span<std::byte> blob);
