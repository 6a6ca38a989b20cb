// The steps of bringing a RISC-V machine up, in the order main.cpp takes them.
#pragma once

#include <cstddef>
#include <span>

#include "arch/contract.h"
#include "base/boot_args.h"
#include "base/fdt.h"

namespace kern::arch {

// What the boot leaves behind in low memory, from the kernel's end on:  device tree | initrd | page tables | free
struct BootMemory {
    std::span<const std::byte> initrd;  // empty when there is none; stays until someone frees these frames
    PhysAddr free_start;
    PhysAddr free_end;
};

// Copies the firmware's device tree behind the kernel and reads it, with the command line in it. EINVAL: malformed.
struct BootInfo {
    Machine machine;
    std::span<char> command_line;
};
Result<BootInfo> read_boot_info(PhysAddr device_tree);

// Moves the initrd down to the device tree and replaces the boot page table by the kernel's own. ENOMEM: the machine
// has too little memory.
Result<BootMemory> set_up_memory(const Machine& machine);

// Makes this hart's traps come to us, the interrupts still off. `hart_id` is the firmware's.
void set_up_traps(uint64_t hart_id);

// Sets the clock's rate, so that now_ns() counts. EINVAL: a clock of 1 GHz or more.
Result<> set_up_clock(const Machine& machine);

}  // namespace kern::arch
