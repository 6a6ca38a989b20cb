#include "dev/plic.h"

#include "base/panic.h"
#include "dev/mmio.h"

namespace kern::dev {

namespace {

constexpr uint32_t MAX_LINES = 96;  // QEMU's virt machine has 95

PhysAddr base;
void (*handlers[MAX_LINES])();

// Each hart has two contexts on this machine, machine mode's and supervisor mode's: ours is the odd one.
uint64_t context() { return 2 * arch::this_hart().firmware_id + 1; }

PhysAddr priority(uint32_t irq) { return base + 4 * irq; }
PhysAddr enable_word(uint32_t irq) { return base + 0x2000 + 0x80 * context() + 4 * (irq / 32); }
PhysAddr threshold() { return base + 0x20'0000 + 0x1000 * context(); }
PhysAddr claim() { return threshold() + 4; }

}  // namespace

void set_up_plic(const DeviceSlot& slot) {
    base = slot.base;
    write_register<uint32_t>(threshold(), 0);
}

void enable_interrupt(uint32_t irq, void (*handler)()) {
    ASSERT(irq < MAX_LINES && base.value);
    handlers[irq] = handler;
    write_register<uint32_t>(priority(irq), 1);
    write_register(enable_word(irq), read_register<uint32_t>(enable_word(irq)) | 1u << irq % 32);
}

void handle_interrupts() {
    while (uint32_t irq = read_register<uint32_t>(claim())) {
        if (irq < MAX_LINES && handlers[irq])
            handlers[irq]();
        write_register(claim(), irq);
    }
}

}  // namespace kern::dev
