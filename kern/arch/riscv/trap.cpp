// Traps, once trap.S has saved the registers. Exceptions: privileged spec, table 4.2 (scause).
#include "base/panic.h"
#include "dev/board.h"
#include "port.h"

namespace kern::arch {

namespace {

enum Cause : uint64_t {
    ILLEGAL_INSTRUCTION = 2, INSTRUCTION_PAGE = 12, LOAD_PAGE = 13, STORE_PAGE = 15, INTERRUPT = uint64_t{1} << 63,
    TIMER_INTERRUPT = INTERRUPT | 5, EXTERNAL_INTERRUPT = INTERRUPT | 9,
};

// By cause. The signals are those of Linux's riscv port (arch/riscv/kernel/traps.c); see sigaction(2) for the codes.
enum Signal { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11 };
enum Code { ILL_ILLOPC = 1, ILL_ILLTRP = 4, TRAP_BRKPT = 1, BUS_ADRALN = 1, SEGV_ACCERR = 2 };
constexpr struct Exception {
    const char* words;
    Signal signal;
    Code code;
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
    {"page fault on an instruction", SIGSEGV, SEGV_ACCERR},
    {"page fault on a load", SIGSEGV, SEGV_ACCERR},
    UNKNOWN,
    {"page fault on a store", SIGSEGV, SEGV_ACCERR},
};

const Exception& exception(uint64_t cause) { return cause < std::size(EXCEPTIONS) ? EXCEPTIONS[cause] : UNKNOWN; }

constexpr uint64_t SSTATUS_SPIE = 1 << 5;  // interrupts were on before the trap
constexpr uint64_t SSTATUS_SPP = 1 << 8;   // it came from the kernel

bool is_page_fault(uint64_t cause) {
    return cause == INSTRUCTION_PAGE || cause == LOAD_PAGE || cause == STORE_PAGE;
}

Perms access_of(uint64_t cause) {
    return cause == STORE_PAGE ? Perms(Perms::W) : cause == LOAD_PAGE ? Perms::r() : Perms(Perms::X);
}

void on_interrupt(TrapFrame& frame, uint64_t cause) {
    if (cause == TIMER_INTERRUPT) return on_timer(!(frame.status & SSTATUS_SPP));
    if (cause == EXTERNAL_INTERRUPT) return dev::handle_interrupts();
    asm volatile("csrci sip, 2");  // from another hart, which only wants this one to be awake, or panics
    this_hart().stop_trap = &frame;
    is_panicking();
    this_hart().stop_trap = nullptr;
}

bool in_user_copy(uint64_t pc) {
    return pc >= reinterpret_cast<uint64_t>(user_copy_words) && pc < reinterpret_cast<uint64_t>(user_copy_stop);
}

// The page could not be had: the copy goes on byte by byte, and from there to its end.
void give_up_user_copy(TrapFrame& frame) {
    uint64_t bytes = reinterpret_cast<uint64_t>(user_copy_bytes);
    frame.pc = frame.pc < bytes ? bytes : reinterpret_cast<uint64_t>(user_copy_stop);
}

void on_user_copy_fault(TrapFrame& frame, Perms access, VirtAddr address) {
    restore_interrupts(frame.status & SSTATUS_SPIE);
    bool retry = on_page_fault(address, access, nullptr);
    disable_interrupts();
    if (!retry)
        give_up_user_copy(frame);
}

bool is_on_emergency_stack(const TrapFrame& frame) {
    auto* address = reinterpret_cast<const std::byte*>(&frame);
    return address >= emergency_stack && address < emergency_stack + KERNEL_STACK_SIZE;
}

[[noreturn]] void on_kernel_exception(TrapFrame& frame, uint64_t cause, uint64_t value) {
    this_hart().stop_trap = &frame;
    if (is_on_emergency_stack(frame))
        panic("kernel stack overflow at {}", VirtAddr(frame.pc));
    panic("{} in the kernel at {}, address {}", exception(cause).words, VirtAddr(frame.pc), VirtAddr(value));
}

}  // namespace

// From trap.S: anything but a system call, from user mode. `value` is stval.
extern "C" void on_user_trap(TrapFrame& frame, uint64_t cause, uint64_t value) {
    if (cause & INTERRUPT) return on_interrupt(frame, cause);
    if (cause == ILLEGAL_INSTRUCTION && load_user_fp(frame)) return;
    restore_interrupts(true);
    if (is_page_fault(cause)) {
        on_page_fault(VirtAddr(value), access_of(cause), &frame);
        asm volatile("fence.i");  // the new page may hold code
    } else {
        on_user_exception(frame, exception(cause).signal, exception(cause).code, VirtAddr(frame.pc));
    }
}

extern "C" void on_kernel_trap(TrapFrame& frame, uint64_t cause, uint64_t value) {
    VirtAddr address(value);
    if (is_on_emergency_stack(frame))
        on_kernel_exception(frame, cause, value);
    if (cause & INTERRUPT)
        on_interrupt(frame, cause);
    else if (is_page_fault(cause) && in_user_copy(frame.pc) && address.value < USER_HALF_END)
        on_user_copy_fault(frame, access_of(cause), address);
    else
        on_kernel_exception(frame, cause, value);
}

extern "C" void trap_entry();

void set_up_traps(uint64_t firmware_id) {
    this_hart().firmware_id = firmware_id;
    constexpr uint64_t SOFTWARE = 1 << 1, TIMER = 1 << 5, EXTERNAL = 1 << 9;
    asm volatile("csrw sscratch, zero");
    asm volatile("csrw stvec, %0" ::"r"(&trap_entry));
    asm volatile("csrw sie, %0" ::"r"(SOFTWARE | TIMER | EXTERNAL));
    asm volatile("csrwi scounteren, 7");  // programs may read cycle, time and instret
}

}  // namespace kern::arch
