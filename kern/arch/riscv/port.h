// What the files of this port share, and main.cpp needs at boot.
#pragma once

#include "base/fdt.h"
#include "context.h"

namespace arch {

// BOOT, in the order main.cpp takes the steps

// Makes this hart's traps come to us, the interrupts still off. `firmware_id` is what the firmware calls the hart.
void set_up_traps(uint64_t firmware_id);

// Copies the firmware's device tree behind the kernel and reads it. EINVAL: malformed.
Result<Machine> read_machine(PhysAddr device_tree);

// Sets the clock's rate, so that now_ns() counts.
void set_up_clock(const Machine& machine);

// Replaces the boot page table by the kernel's own, and returns where free memory begins. ENOMEM: the machine has too little,
// or the initrd, which stays where it is, lies in the way of what comes first:
//
//     kernel | device tree | page tables | records of frames ... free ... | initrd | ... free ... end of memory
Result<PhysAddr> set_up_memory(const Machine& machine);

// THE KERNEL'S OWN IMAGE

// kernel.ld, entry.S, copy.S
extern "C" {
extern std::byte text_start[], text_end[], rodata_end[], bss_end[], kernel_end[];  // the symbol table is last
extern std::byte boot_stack[], emergency_stack[];
extern std::byte user_copy_words[], user_copy_bytes[], user_copy_stop[];
}

inline bool is_kernel_text(uint64_t address) {
    return address >= reinterpret_cast<uint64_t>(text_start) && address < reinterpret_cast<uint64_t>(text_end);
}
// Whether the kernel can read this address without a fault: it is mapped RAM.
bool is_kernel_memory(uint64_t address);

// The function an address lies in.
struct Symbol {
    std::string_view name;  // empty: unknown
    uint64_t offset = 0;    // of the address within the function
};
Symbol find_symbol(uint64_t address);

extern "C" Hart harts[MAX_HARTS];  // entry.S points tp at the first

}  // namespace arch
