// Where things are in the kernel's own image, and what its functions are called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kern::arch {

// kernel.ld, entry.S, copy.S
extern "C" {
extern std::byte text_start[], text_end[], rodata_end[], bss_end[], kernel_end[];  // the symbol table is last
extern std::byte boot_stack[], emergency_stack[];
extern std::byte user_copy_words[], user_copy_bytes[], user_copy_stop[];
extern const uint64_t kernel_symbol_count;  // begins the section .ksymtab
}

inline bool is_kernel_text(uint64_t address) {
    return address >= reinterpret_cast<uint64_t>(text_start) && address < reinterpret_cast<uint64_t>(text_end);
}
// Whether the kernel can read this address without a fault: it is mapped RAM.
bool is_kernel_memory(uint64_t address);

struct Symbol {
    std::string_view name;  // empty: unknown
    uint64_t offset = 0;    // of the address within the function
};
Symbol find_symbol(uint64_t address);

}  // namespace kern::arch
