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

// copy.S
extern "C" size_t copy_from_user(void* to, uint64_t from, size_t size);
extern "C" size_t copy_to_user(uint64_t to, const void* from, size_t size);
extern "C" void zero_4k(void* page);
extern "C" void copy_4k(void* to, const void* from);

inline size_t user_read(void* to, VirtAddr from, size_t size) { return copy_from_user(to, from.value, size); }
inline size_t user_write(VirtAddr to, const void* from, size_t size) { return copy_to_user(to.value, from, size); }
inline void zero_page(void* page) { zero_4k(page); }
inline void copy_page(void* to, const void* from) { copy_4k(to, from); }

}  // namespace kern::arch
