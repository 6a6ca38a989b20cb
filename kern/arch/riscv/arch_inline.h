// The small part of the contract that is worth inlining. See arch/contract.h.
#pragma once

namespace arch {

// The upper half of Sv39 begins here; physical address 0 stands there, and everything else behind it.
inline constexpr uint64_t DIRECT_MAP = 0xffff'ffc0'0000'0000;

inline std::byte* phys_to_virt(PhysAddr address) { return reinterpret_cast<std::byte*>(address.value + DIRECT_MAP); }
inline PhysAddr virt_to_phys(const void* pointer) { return PhysAddr(reinterpret_cast<uint64_t>(pointer) - DIRECT_MAP); }

// Nanoseconds per tick of the `time` register, times 2^32; set from the device tree at boot.
extern uint64_t ns_per_tick_32;

inline uint64_t now_ns() {
    uint64_t ticks;
    asm volatile("rdtime %0" : "=r"(ticks));
    return static_cast<uint64_t>((static_cast<unsigned __int128>(ticks) * ns_per_tick_32) >> 32);
}

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
    if (enable) asm volatile("csrsi sstatus, 2" ::: "memory");
}

inline void cpu_relax() { asm volatile(".insn i 0x0f, 0, x0, x0, 0x010" ::: "memory"); }  // pause, Zihintpause
inline void wait_for_interrupt() { asm volatile("wfi" ::: "memory"); }

}  // namespace arch
