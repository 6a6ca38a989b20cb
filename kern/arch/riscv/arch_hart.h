// The per-hart part of the contract in instructions. See arch/hart.h.
#pragma once

namespace kern::arch {

inline constexpr uint64_t SSTATUS_SIE = 1 << 1;  // interrupts enabled in the kernel

// volatile: a thread may go on on another hart after a switch, so the answer must not be remembered.
inline Hart& this_hart() {
    Hart* hart;
    asm volatile("mv %0, tp" : "=r"(hart));
    return *hart;
}

inline bool disable_interrupts() {
    uint64_t old;
    asm volatile("csrrci %0, sstatus, 2" : "=r"(old)::"memory");
    return old & SSTATUS_SIE;
}

inline void restore_interrupts(bool enable) {
    if (enable)
        asm volatile("csrsi sstatus, 2" ::: "memory");
}

inline void cpu_relax() { asm volatile(".insn i 0x0f, 0, x0, x0, 0x010" ::: "memory"); }  // pause, Zihintpause
inline void wait_for_interrupt() { asm volatile("wfi" ::: "memory"); }

}  // namespace kern::arch
