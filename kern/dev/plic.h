// The platform-level interrupt controller: devices' interrupts to this hart (RISC-V PLIC specification v1.0).
#pragma once

#include "base/fdt.h"

namespace kern::dev {

void set_up_plic(const DeviceSlot& slot);

// From here on `handler` is called, in interrupt context, when line `irq` is raised.
void enable_interrupt(uint32_t irq, void (*handler)());

// Calls the handlers of all raised lines. The external interrupt's service.
void handle_interrupts();

}  // namespace kern::dev
