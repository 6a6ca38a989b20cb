// Traps, once trap.S has saved the registers. Exceptions: privileged spec, table 4.2 (scause).
#include "dev/board.h"
#include "port.h"

namespace arch {

constexpr uint64_t INTERRUPT = uint64_t{1} << 63, TIMER = 5, EXTERNAL = 9;
constexpr uint64_t SSTATUS_SPIE = 1 << 5, SSTATUS_SPP = 1 << 8;  // before the trap, interrupts were on, and the kernel ran

// By cause. The signals are those of Linux's riscv port (arch/riscv/kernel/traps.c); see sigaction(2) for the codes.
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11 };
enum { ILL_ILLOPC = 1, ILL_ILLTRP = 4, TRAP_BRKPT = 1, BUS_ADRALN = 1, SEGV_ACCERR = 2 };
constexpr struct Exception {
    std::string_view words;
    int signal, code;
    Perms access = Perms::none();  // of a page fault
} UNKNOWN{"unknown trap", SIGILL, ILL_ILLTRP}, EXCEPTIONS[] = {
    {"instruction address misaligned", SIGBUS, BUS_ADRALN},
    {"instruction access fault", SIGSEGV, SEGV_ACCERR},
    {"illegal instruction", SIGILL, ILL_ILLOPC},
    {"breakpoint", SIGTRAP, TRAP_BRKPT},
    {"load address misaligned", SIGBUS, BUS_ADRALN},
    {"load access fault", SIGSEGV, SEGV_ACCERR},
    {"store address misaligned", SIGBUS, BUS_ADRALN},
    {"store access fault", SIGSEGV, SEGV_ACCERR},
    UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,  // calls, and two reserved
    {"page fault on an instruction", SIGSEGV, SEGV_ACCERR, Perms(Perms::X)},
    {"page fault on a load", SIGSEGV, SEGV_ACCERR, Perms::r()},
    UNKNOWN,
    {"page fault on a store", SIGSEGV, SEGV_ACCERR, Perms(Perms::W)},
};

static const Exception& exception(uint64_t cause) { return cause < std::size(EXCEPTIONS) ? EXCEPTIONS[cause] : UNKNOWN; }

static uint64_t address_of(const std::byte* place) { return reinterpret_cast<uint64_t>(place); }

static void on_interrupt(TrapFrame& frame, uint64_t cause) {
    if (cause == (INTERRUPT | TIMER)) return on_timer(!(frame.status & SSTATUS_SPP));
    if (cause == (INTERRUPT | EXTERNAL)) return dev::handle_interrupts();
    asm volatile("csrci sip, 2");  // from another hart, which only wants this one to be awake, or panics
    this_hart().stop_trap = &frame;
    is_panicking();
    this_hart().stop_trap = nullptr;
}

static bool in_user_copy(uint64_t pc) { return address_of(user_copy_words) <= pc && pc < address_of(user_copy_stop); }

// If the page cannot be had, the copy goes on byte by byte, and from there to its end.
static void on_user_copy_fault(TrapFrame& frame, Perms access, VirtAddr address) {
    restore_interrupts(frame.status & SSTATUS_SPIE);
    bool retry = on_page_fault(address, access, nullptr);
    disable_interrupts();
    if (!retry) frame.pc = address_of(frame.pc < address_of(user_copy_bytes) ? user_copy_bytes : user_copy_stop);
}

// From trap.S: anything but a system call, from user mode. `value` is stval.
extern "C" void on_user_trap(TrapFrame& frame, uint64_t cause, uint64_t value) {
    if (cause & INTERRUPT) return on_interrupt(frame, cause);
    restore_interrupts(true);
    const auto& [words, signal, code, access] = exception(cause);
    if (access == Perms::none()) return on_user_exception(frame, signal, code, VirtAddr(frame.pc));
    on_page_fault(VirtAddr(value), access, &frame);
    asm volatile("fence.i");  // the new page may hold code
}

extern "C" void on_kernel_trap(TrapFrame& frame, uint64_t cause, uint64_t value) {
    const auto& [words, signal, code, access] = exception(cause);
    auto* here = reinterpret_cast<const std::byte*>(&frame);
    bool is_overflow = emergency_stack <= here && here < emergency_stack + KERNEL_STACK_SIZE;
    if (!is_overflow && (cause & INTERRUPT)) return on_interrupt(frame, cause);
    if (!is_overflow && access != Perms::none() && in_user_copy(frame.pc) && value < USER_HALF_END)
        return on_user_copy_fault(frame, access, VirtAddr(value));
    this_hart().stop_trap = &frame;
    if (is_overflow) panic("kernel stack overflow at {}", VirtAddr(frame.pc));
    panic("{} in the kernel at {}, address {}", words, VirtAddr(frame.pc), VirtAddr(value));
}

extern "C" void trap_entry();

void set_up_traps(uint64_t firmware_id) {
    this_hart().firmware_id = firmware_id;
    asm volatile("csrw sscratch, zero");
    asm volatile("csrw stvec, %0" ::"r"(&trap_entry));
    asm volatile("csrw sie, %0" ::"r"(1 << 1 | 1 << TIMER | 1 << EXTERNAL));  // 1: from other harts
    asm volatile("csrwi scounteren, 7");                                       // programs may read cycle, time and instret
}

}  // namespace arch
