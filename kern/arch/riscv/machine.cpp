// The short answers of the port contract: clock, TLB, console, power.

#include "dev/board.h"
#include "port.h"

namespace arch {

Hart harts[MAX_HARTS];
uint64_t ns_per_tick_32;

using Wide = unsigned __int128;
static uint64_t ticks_per_ns_64;  // times 2^64: the clock ticks less than once a nanosecond

// Calls the firmware (RISC-V Supervisor Binary Interface v1.0). Its extensions are named by four letters.
enum Extension : uint64_t { TIME = 0x54494d45, HARTS = 0x48534d, INTERRUPT = 0x735049, RFENCE = 0x52464e43, RESET = 0x53525354 };
// Returns whether it did as it was told.
static bool call_firmware(Extension extension, uint64_t function, uint64_t arg0, uint64_t arg1 = 0, uint64_t arg2 = 0,
                   uint64_t arg3 = 0) {
    register uint64_t a0 asm("a0") = arg0;
    register uint64_t a1 asm("a1") = arg1;
    register uint64_t a2 asm("a2") = arg2;
    register uint64_t a3 asm("a3") = arg3;
    register uint64_t a6 asm("a6") = function;
    register uint64_t a7 asm("a7") = extension;
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return a0 == 0;
}

// The firmware's names of the harts in `mask`.
static uint64_t firmware_mask(uint64_t mask) {
    uint64_t named = 0;
    for (; mask; mask &= mask - 1) named |= uint64_t{1} << harts[std::countr_zero(mask)].firmware_id;
    return named;
}

extern "C" {  // entry.S
extern std::byte kernel_entry[];
extern Context* idle_contexts[64];
}

Result<> start_hart(unsigned index, uint64_t firmware_id, Context& idle) {
    if (std::max(firmware_id, harts[0].firmware_id) >= std::size(idle_contexts)) return fail(Errno::EINVAL);  // beyond firmware_mask()
    harts[index].index = index;
    harts[index].firmware_id = firmware_id;
    idle.user_frame->hart = &harts[index];
    __atomic_store_n(&idle_contexts[firmware_id], &idle, __ATOMIC_SEQ_CST);
    bool started = call_firmware(HARTS, 0, firmware_id, virt_to_phys(kernel_entry).value);
    return started ? Result<>() : fail(Errno::EINVAL);
}

void set_up_started_hart() {
    activate({});
    set_up_traps(this_hart().firmware_id);
}

void send_interrupt(unsigned hart_index) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    call_firmware(INTERRUPT, 0, firmware_mask(uint64_t{1} << hart_index));
}

void set_up_clock(const Machine& machine) {
    ns_per_tick_32 = static_cast<uint64_t>((Wide{1'000'000'000} << 32) / machine.timebase_hz);
    ticks_per_ns_64 = static_cast<uint64_t>((Wide{machine.timebase_hz} << 64) / 1'000'000'000);
}

void set_timer(uint64_t ns) { call_firmware(TIME, 0, static_cast<uint64_t>(Wide{ns} * ticks_per_ns_64 >> 64) + 1); }

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
    bool done = call_firmware(RFENCE, 1, firmware_mask(mask), 0, range.start.value, range.size());
    ASSERT(done);
}

void console_write(std::string_view text) { dev::uart_write(text); }

[[noreturn]] void power_off(unsigned status) {
    disable_interrupts();
    dev::power_off_with(status);
    call_firmware(RESET, 0, 0);  // returns when the firmware cannot
    for (;;) wait_for_interrupt();
}

}  // namespace arch
