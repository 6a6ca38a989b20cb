// The 16550 serial port behind the console (National Semiconductor PC16550D). Its output waits for the device; each
// byte that arrives raises an interrupt.
#pragma once

#include <string_view>

#include "base/fdt.h"

namespace kern::dev {

// Before this, the port of QEMU's virt machine is assumed, so that the very first steps can report an error.
void set_up_uart(const DeviceSlot& slot);

void uart_write(std::string_view text);

// From here on `receive` is called with each byte that arrives, in interrupt context.
void set_uart_receiver(void (*receive)(char));

}  // namespace kern::dev
