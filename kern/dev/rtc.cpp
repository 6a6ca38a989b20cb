#include "dev/rtc.h"

#include "dev/mmio.h"

namespace kern::dev {

namespace {
constexpr uint64_t TIME_LOW = 0, TIME_HIGH = 4;
uint64_t power_on_ns;
}  // namespace

void set_up_rtc(const DeviceSlot& slot) {
    if (!slot.size)
        return;
    uint64_t low = read_register<uint32_t>(slot.base + TIME_LOW);  // holds TIME_HIGH still until it is read
    uint64_t high = read_register<uint32_t>(slot.base + TIME_HIGH);
    power_on_ns = (high << 32 | low) - arch::now_ns();
}

uint64_t wall_clock_ns() { return power_on_ns + arch::now_ns(); }

}  // namespace kern::dev
