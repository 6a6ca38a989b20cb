// Turning the machine off with a status: SiFive's test device, which QEMU turns into its own exit status.
#pragma once

#include "base/fdt.h"

namespace kern::dev {

// Before this, the device of QEMU's virt machine is assumed.
void set_up_power(const DeviceSlot& slot);

// Returns only when the machine has no such device. `status` is 0 to 255.
void power_off_with(unsigned status);

}  // namespace kern::dev
