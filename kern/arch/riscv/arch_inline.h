// The small part of the contract that is worth inlining. See arch/contract.h.
#pragma once

namespace kern::arch {

// The upper half of Sv39 begins here; physical address 0 stands there, and everything else behind it.
inline constexpr uint64_t DIRECT_MAP = 0xffff'ffc0'0000'0000;

inline std::byte* phys_to_virt(PhysAddr address) { return reinterpret_cast<std::byte*>(address.value + DIRECT_MAP); }
inline PhysAddr virt_to_phys(const void* pointer) {
    return PhysAddr(reinterpret_cast<uint64_t>(pointer) - DIRECT_MAP);
}

// Nanoseconds per tick of the `time` register, times 2^32; set from the device tree at boot.
extern uint64_t ns_per_tick_32;

inline uint64_t read_time() {
    uint64_t ticks;
    asm volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}
inline uint64_t now_ns() {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(read_time()) * ns_per_tick_32) >> 32);
}

}  // namespace kern::arch
