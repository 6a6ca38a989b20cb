// Any bytes as the firmware's device tree: a description whose parts lie inside them, or EINVAL.
#include "base/fdt.h"

#include <vector>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<std::byte> blob(size);
    if (size) memcpy(blob.data(), data, size);
    if (size >= 40) (void)device_tree_size(blob);
    auto machine = read_device_tree(blob);
    if (!machine) {
        FUZZ_CHECK(machine.error() == Errno::EINVAL);
        return 0;
    }
    auto is_inside = [&](auto part) {
        auto* start = reinterpret_cast<const std::byte*>(part.data());
        return part.empty() || (start >= blob.data() && start + part.size() <= blob.data() + size);
    };
    FUZZ_CHECK(is_inside(machine->boot_arguments) && is_inside(machine->random_seed));
    FUZZ_CHECK(machine->hart_count <= Machine::MAX_HARTS && machine->virtio_count <= Machine::MAX_VIRTIO);
    FUZZ_CHECK(machine->memory_start < machine->memory_end && machine->timebase_hz > 0);
    return 0;
}
