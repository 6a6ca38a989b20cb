#include "dev/board.h"

namespace dev {

static DeviceSlot uart{PhysAddr(0x1000'0000), 0x100, 10};
static PhysAddr plic, power(0x10'0000);
static uint64_t power_on_ns;

constexpr uint64_t DATA = 0, INTERRUPT_ENABLE = 1, FIFO_CONTROL = 2, LINE_STATUS = 5;
constexpr uint8_t RECEIVE_INTERRUPT = 1, FIFO_ON = 1;
constexpr uint8_t RECEIVED = 1 << 0, TRANSMIT_EMPTY = 1 << 5;

static void (*receiver)(char);

static bool line_has(uint8_t status) { return read_register<uint8_t>(uart.base + LINE_STATUS) & status; }

static void receive_all() {
    while (line_has(RECEIVED)) receiver(static_cast<char>(read_register<uint8_t>(uart.base + DATA)));
}

constexpr uint32_t MAX_LINES = 96;  // QEMU's virt machine has 95
static void (*handlers[MAX_LINES])();

// Each hart has two contexts on this machine, machine mode's and supervisor mode's: that of the hart that booted, which takes
// all interrupts of devices, is the odd one.
static uint64_t context;

static PhysAddr priority(uint32_t irq) { return plic + 4 * irq; }
static PhysAddr enable_word(uint32_t irq) { return plic + 0x2000 + 0x80 * context + 4 * (irq / 32); }
static PhysAddr threshold() { return plic + 0x20'0000 + 0x1000 * context; }
static PhysAddr claim() { return threshold() + 4; }

// SERIAL PORT

bool uart_is_ready() { return line_has(TRANSMIT_EMPTY); }

void uart_write(std::string_view text) {
    for (size_t i = 0; i < text.size(); i++) {
        while (i % UART_QUEUE == 0 && !uart_is_ready()) arch::cpu_relax();
        write_register(uart.base + DATA, static_cast<uint8_t>(text[i]));
    }
}

void set_uart_receiver(void (*receive)(char)) {
    receiver = receive;
    enable_interrupt(uart.irq, receive_all);
    write_register(uart.base + INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
}

// INTERRUPT CONTROLLER

void enable_interrupt(uint32_t irq, void (*handler)()) {
    ASSERT(irq < MAX_LINES && plic.value);
    handlers[irq] = handler;
    write_register<uint32_t>(threshold(), 0);
    write_register<uint32_t>(priority(irq), 1);
    write_register(enable_word(irq), read_register<uint32_t>(enable_word(irq)) | 1u << irq % 32);
}

void handle_interrupts() {
    while (uint32_t irq = read_register<uint32_t>(claim())) {
        if (irq < MAX_LINES && handlers[irq]) handlers[irq]();
        write_register(claim(), irq);
    }
}

// CLOCK, POWER, AND THE WHOLE

uint64_t wall_clock_ns() { return power_on_ns + arch::now_ns(); }

void power_off_with(unsigned status) {
    constexpr uint32_t PASS = 0x5555, FAIL = 0x3333;  // FAIL carries a status in its upper half
    if (power.value) write_register<uint32_t>(power, status == 0 ? PASS : (status & 0xff) << 16 | FAIL);
}

void set_up_board(const Machine& machine) {
    if (machine.uart.size) uart = machine.uart;
    write_register<uint8_t>(uart.base + FIFO_CONTROL, FIFO_ON);
    plic = machine.plic.base;
    context = 2 * arch::this_hart().firmware_id + 1;
    power = machine.power.base;
    if (!machine.rtc.size) return;
    uint64_t low = read_register<uint32_t>(machine.rtc.base);  // holds the high half still until it is read
    uint64_t high = read_register<uint32_t>(machine.rtc.base + 4);
    power_on_ns = (high << 32 | low) - arch::now_ns();
}

}  // namespace dev
