// The devices of QEMU's virt board: serial port, interrupt controller, wall clock, power switch.
#pragma once

#include "base/fdt.h"

namespace dev {

// A device's register, read or written in the order of the program.
template <typename T>
T read_register(PhysAddr address) {
    T value = *reinterpret_cast<volatile T*>(arch::phys_to_virt(address));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return value;
}

template <typename T>
void write_register(PhysAddr address, T value) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *reinterpret_cast<volatile T*>(arch::phys_to_virt(address)) = value;
}

// Where they are. Before this, the board's usual places are assumed of the serial port and the power switch, so that the very
// first steps can report an error and end. The hart's clock runs already.
void set_up_board(const Machine& machine);

// The 16550 serial port behind the console (National Semiconductor PC16550D). Waits for the device.
void uart_write(std::string_view text);
// Whether it takes UART_QUEUE bytes now without a wait.
bool uart_is_ready();
inline constexpr size_t UART_QUEUE = 16;
// From here on `receive` is called with each byte that arrives, in interrupt context.
void set_uart_receiver(void (*receive)(char));

// The platform-level interrupt controller: devices' interrupts to the hart that booted (RISC-V PLIC specification v1.0).
// From here on `handler` is called, in interrupt context, when line `irq` is raised.
void enable_interrupt(uint32_t irq, void (*handler)());
// Calls the handlers of all raised lines. The external interrupt's service.
void handle_interrupts();

// Google's goldfish RTC, read once at boot; from there the hart's own clock goes on. Nanoseconds since 1970-01-01 UTC;
// since power-on when the machine has no such clock.
uint64_t wall_clock_ns();

// SiFive's test device, which ends QEMU with this status, 0 to 255. Returns only when the machine has no such device.
void power_off_with(unsigned status);

}  // namespace dev
