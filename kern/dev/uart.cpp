#include "dev/uart.h"

#include "dev/mmio.h"
#include "dev/plic.h"

namespace kern::dev {

namespace {

constexpr uint64_t DATA = 0, INTERRUPT_ENABLE = 1, FIFO_CONTROL = 2, LINE_STATUS = 5;
constexpr uint8_t RECEIVE_INTERRUPT = 1, FIFO_ON = 1;
constexpr uint8_t RECEIVED = 1 << 0, TRANSMIT_EMPTY = 1 << 5;

DeviceSlot uart{PhysAddr(0x1000'0000), 0x100, 10};
void (*receiver)(char);

bool line_has(uint8_t status) { return read_register<uint8_t>(uart.base + LINE_STATUS) & status; }

void receive_all() {
    while (line_has(RECEIVED))
        receiver(static_cast<char>(read_register<uint8_t>(uart.base + DATA)));
}

}  // namespace

void set_up_uart(const DeviceSlot& slot) {
    if (slot.size)
        uart = slot;
    write_register<uint8_t>(uart.base + FIFO_CONTROL, FIFO_ON);
}

void uart_write(std::string_view text) {
    for (char c : text) {
        while (!line_has(TRANSMIT_EMPTY))
            arch::cpu_relax();
        write_register(uart.base + DATA, static_cast<uint8_t>(c));
    }
}

void set_uart_receiver(void (*receive)(char)) {
    receiver = receive;
    enable_interrupt(uart.irq, receive_all);
    write_register(uart.base + INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
}

}  // namespace kern::dev
