// The per-hart part of the contract in a host process: as many pretended harts as a test wants, one at a time.
#pragma once

namespace kern::arch {

inline bool disable_interrupts() { return false; }
inline void restore_interrupts(bool) {}
inline void cpu_relax() {}
inline void wait_for_interrupt() {}

}  // namespace kern::arch
