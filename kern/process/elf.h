// The ELF file format, as far as a loader needs it: see elf(5), and the RISC-V ELF psABI for the machine number.
#pragma once

#include <cstdint>

namespace kern::elf {

inline constexpr uint8_t IDENTITY[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};  // 64-bit, little-endian, version 1
inline constexpr uint16_t ET_EXEC = 2, ET_DYN = 3;
inline constexpr uint16_t EM_RISCV = 243;
inline constexpr uint32_t PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474'e551;
inline constexpr uint32_t PF_X = 1, PF_W = 2, PF_R = 4;

struct Header {
    uint8_t e_ident[16];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};
static_assert(sizeof(ProgramHeader) == 56);

}  // namespace kern::elf
