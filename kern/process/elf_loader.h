// Reads an ELF file's headers, and maps its segments into an address space.
//
//     file:    | header | program headers | text ........ | data ... |
//                                            |                |
//     memory:              +--- bias ---> [ text r-x ]  [ data rw- | zero ]  [ anonymous rw- ]
//                                                                 p_filesz                  p_memsz
//
// Pages of the file are mapped privately, not copied; only the part of the last one behind the file's bytes is written.
#pragma once

#include "vm/vmar.h"

// The file format, as far as a loader needs it: see elf(5), and the RISC-V ELF psABI for the machine number.
namespace elf {

inline constexpr uint8_t IDENTITY[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1};  // 64-bit, little-endian, version 1
inline constexpr uint16_t ET_EXEC = 2, ET_DYN = 3;
inline constexpr uint16_t EM_RISCV = 243;
inline constexpr uint32_t PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474'e551;
inline constexpr uint32_t PF_X = 1, PF_W = 2, PF_R = 4;

struct Header {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
static_assert(sizeof(ProgramHeader) == 56);

}  // namespace elf

// The checked headers of a file: all offsets lie in the file, all addresses in the user half, and neither overflows.
struct ElfImage {
    Ref<BackingFile> file;
    Ref<Vmo> vmo;
    elf::Header header;
    Vec<elf::ProgramHeader> program_headers;
    VirtRange span;               // of all segments, in whole pages, before a bias
    uint64_t alignment = PAGE_SIZE;
    String interpreter;           // path of the program that loads this one; empty: none
    bool executable_stack = false;

    bool is_position_independent() const { return header.e_type == elf::ET_DYN; }
};

// ENOEXEC when the file is no ELF program for this machine or is malformed; ENOMEM, EIO.
Result<ElfImage> read_elf(Ref<BackingFile> file);

// What the program is told, and what the space remembers.
struct LoadedElf {
    VirtAddr entry;
    uint64_t bias = 0;
    VirtAddr program_headers = {};  // 0: they are in no segment
    VirtRange code = {};
    VirtRange data = {};
};

// Maps the segments, `bias` bytes above where the file says. ENOEXEC (segments in each other's pages or below the user's
// lowest address), ENOMEM.
Result<LoadedElf> load_elf(Vmar& vmar, const ElfImage& image, uint64_t bias);
