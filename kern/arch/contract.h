// The port contract: everything the portable kernel asks of a machine, and the few things a machine asks back.
// arch/riscv answers it on hardware; grade/unit/host answers it in a host process, so that the same files of kern/mm and
// kern/vm run under Criterion and the sanitizers. A port is chosen by its include path and at link time.
#pragma once

#include "arch/sv39.h"

class Thread;
class VmSpace;

namespace arch {

struct Context;
struct TrapFrame;

// HARTS: hardware threads, RISC-V's word for cores

inline constexpr unsigned MAX_HARTS = 8;

// What each hart keeps for itself. In the kernel, register tp points to it.
struct alignas(64) Hart {
    uint32_t index = 0;              // 0 is the one that booted
    uint64_t firmware_id = 0;        // the hart id of the SBI and the device tree
    Thread* thread = nullptr;        // who runs here
    VmSpace* space = nullptr;        // whose page table is active; null: the kernel's alone
    bool need_resched = false;       // the running thread's time is over
    uint32_t held_locks = 0;         // debug builds: rank_bit() of each spinning lock it holds
    // For a panic's report. The trap that the panic is about, or by which another hart's panic stopped this one; null: none.
    const TrapFrame* stop_trap = nullptr;
    uint64_t stop_fp = 0;  // the frame pointer where it stopped
    Atomic<uint32_t> has_stopped;
};

Hart& this_hart();

// Turns interrupts off on this hart and says whether they were on.
bool disable_interrupts();
// Turns them on if `enable`.
void restore_interrupts(bool enable);
// Tells the pipeline that we spin.
void cpu_relax();
// Stops until an interrupt is pending.
void wait_for_interrupt();
// Gives another hart an interrupt: it leaves wait_for_interrupt(), or takes its program through before_user_return().
// What was stored before is seen by it then.
void send_interrupt(unsigned hart_index);
// For a panic's report: the other harts note where they stand and do nothing more. Waits for them, but not for long: one
// that has interrupts off and waits for no lock does not answer.
void stop_other_harts();
// This hart's part in a panic on another one.
[[noreturn]] void stop_hart();

// PHYSICAL MEMORY

// Where the kernel sees a physical address (the direct map), and back. Only RAM that the frame allocator was given.
// (Inline, in the port's arch_inline.h.)
std::byte* phys_to_virt(PhysAddr address);
PhysAddr virt_to_phys(const void* pointer);

// TRANSLATION

// Fills the upper half of a new root table with the kernel's own entries.
void share_kernel_half(Pte* root);
// Makes `root` the table this hart translates user addresses by, or null: a table with the kernel's half alone. Forgets every
// cached user translation.
void activate(PhysAddr root);
// This hart forgets what it cached of the user addresses in `range`.
void flush_tlb(VirtRange range);
// The other harts whose bits (by index) are set in `harts` forget it too; returns when they have.
void flush_tlb_remote(uint64_t harts, VirtRange range);

// USER MEMORY (of the active table). They return the number of bytes copied: fewer than asked when a page fault
// could not be resolved. They may sleep in the fault handler; no spinning lock may be held.

extern "C" size_t user_read(void* to, VirtAddr from, size_t size);
extern "C" size_t user_write(VirtAddr to, const void* from, size_t size);

// TIME

// Nanoseconds since power-on.
uint64_t now_ns();
// The next timer interrupt of this hart comes at this time.
void set_timer(uint64_t ns);

// CONSOLE, POWER

// Puts bytes out, waiting for the device where necessary; no lock is taken (the console's own lock is around it).
void console_write(std::string_view text);
// Ends the machine; `status` is what QEMU exits with.
[[noreturn]] void power_off(unsigned status);
// Registers, backtrace and the current process's address space to the console, for panic().
void report_panic();

// WHAT THE MACHINE ASKS OF THE KERNEL (implemented in kern/process)

// A system call, or anything else a user program stops for. Called with interrupts on, on the thread's kernel stack;
// on return the trap frame is what the user continues with.
extern "C" void on_user_syscall(TrapFrame& frame);
// A fault at `address` by the user program (`frame`), or by the kernel on its behalf (user_read, user_write: frame null).
// Returns whether the access can be tried again.
bool on_page_fault(VirtAddr address, Perms access, TrapFrame* frame);
// An exception the user program cannot go on from. `signal` as in signal(7).
void on_user_exception(TrapFrame& frame, int signal, int code, VirtAddr address);
// The timer that set_timer() set; it interrupted the user program, or the kernel.
void on_timer(bool in_user);
// Before going back to user mode: reschedule, deliver a kill. Interrupts are off.
void before_user_return(TrapFrame& frame);

}  // namespace arch

#include "arch_inline.h"
