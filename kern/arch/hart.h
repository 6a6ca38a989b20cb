// What each hart (hardware thread, RISC-V's word for a core) keeps for itself. In the kernel, register tp points to it.
#pragma once

#include <cstdint>

#include "base/lock_rank.h"

namespace kern {
class Thread;
class VmSpace;
}  // namespace kern

namespace kern::arch {

inline constexpr unsigned MAX_HARTS = 8;

struct Hart {
    uint32_t index = 0;              // 0.. in the order we found them
    uint64_t firmware_id = 0;        // the hart id of the SBI and the device tree
    Thread* thread = nullptr;        // who runs here
    VmSpace* space = nullptr;        // whose page table is active; null: the kernel's alone
    bool need_resched = false;       // the running thread's time is over
    HeldLocks held_locks;
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

}  // namespace kern::arch

#include "arch_hart.h"
