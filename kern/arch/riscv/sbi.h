// Calls to the firmware (RISC-V Supervisor Binary Interface v1.0): extension in a7, function in a6.
#pragma once

#include <cstdint>

namespace kern::arch::sbi {

bool has_extension(uint64_t extension);
inline constexpr uint64_t TIME = 0x54494d45, RFENCE = 0x52464e43, RESET = 0x53525354;

// The next timer interrupt of this hart comes when the `time` register reaches `ticks`; clears a pending one.
void set_timer(uint64_t ticks);
// sfence.vma for [start, start + size) on the harts whose bits are set, by firmware id.
void remote_fence(uint64_t hart_mask, uint64_t start, uint64_t size);
// Turns the machine off; returns only when the firmware cannot.
void shut_down();

}  // namespace kern::arch::sbi
