// The short answers of the port contract: clock, TLB, console, power.
#include "arch/contract.h"
#include "boot.h"
#include "dev/power.h"
#include "dev/uart.h"
#include "sbi.h"

namespace kern::arch {

extern "C" Hart harts[MAX_HARTS];  // entry.S points tp at the first
Hart harts[MAX_HARTS];

using Wide = unsigned __int128;

uint64_t ns_per_tick_32;
static uint64_t ticks_per_ns_64;  // times 2^64: the clock ticks less than once a nanosecond

Result<> set_up_clock(const Machine& machine) {
    constexpr uint64_t SECOND = 1'000'000'000;
    if (machine.timebase_hz >= SECOND)
        return fail(Errno::EINVAL);
    ns_per_tick_32 = static_cast<uint64_t>((Wide{SECOND} << 32) / machine.timebase_hz);
    ticks_per_ns_64 = static_cast<uint64_t>((Wide{machine.timebase_hz} << 64) / SECOND);
    return {};
}

void set_timer(uint64_t ns) { sbi::set_timer(static_cast<uint64_t>(Wide{ns} * ticks_per_ns_64 >> 64) + 1); }

void flush_tlb(VirtRange range) {
    constexpr uint64_t FEW = 16;
    if (range.pages() > FEW) {
        asm volatile("sfence.vma" ::: "memory");
        return;
    }
    for (VirtAddr page = range.start; page < range.end; page += PAGE_SIZE)
        asm volatile("sfence.vma %0" ::"r"(page.value) : "memory");
}

void flush_tlb_remote(uint64_t mask, VirtRange range) {
    uint64_t firmware_mask = 0;
    for (const Hart& hart : harts)
        if (mask >> hart.index & 1)
            firmware_mask |= uint64_t{1} << hart.firmware_id;
    sbi::remote_fence(firmware_mask, range.start.value, range.size());
}

void console_write(std::string_view text) { dev::uart_write(text); }

[[noreturn]] void power_off(unsigned status) {
    disable_interrupts();
    dev::power_off_with(status);
    if (sbi::has_extension(sbi::RESET))
        sbi::shut_down();
    for (;;)
        wait_for_interrupt();
}

}  // namespace kern::arch
