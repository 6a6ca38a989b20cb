// The wall clock: Google's goldfish RTC, read once at boot; from there the hart's own clock goes on.
#pragma once

#include "base/fdt.h"

namespace kern::dev {

void set_up_rtc(const DeviceSlot& slot);

// Nanoseconds since 1970-01-01 UTC; since power-on when the machine has no such clock.
uint64_t wall_clock_ns();

}  // namespace kern::dev
