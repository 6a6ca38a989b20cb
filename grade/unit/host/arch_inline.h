// The inline part of the contract: physical memory is an arena of the host process; of the pretended harts one runs at a
// time.
#pragma once

#include "host/host.h"

namespace arch {

inline std::byte* phys_to_virt(PhysAddr address) { return host::arena_base() + (address.value - host::RAM_START); }
inline PhysAddr virt_to_phys(const void* pointer) {
    return PhysAddr(static_cast<uint64_t>(static_cast<const std::byte*>(pointer) - host::arena_base()) + host::RAM_START);
}

inline bool disable_interrupts() { return false; }
inline void restore_interrupts(bool) {}
inline void cpu_relax() {}
inline void wait_for_interrupt() {}

}  // namespace arch
