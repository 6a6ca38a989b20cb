// Reads an ELF file's headers, and maps its segments into an address space.
//
//     file:    | header | program headers | text ........ | data ... |
//                                            |                |
//     memory:              +--- bias ---> [ text r-x ]  [ data rw- | zero ]  [ anonymous rw- ]
//                                                                 p_filesz                  p_memsz
//
// Pages of the file are mapped privately, not copied; only the part of the last one behind the file's bytes is written.
#pragma once

#include "base/string.h"
#include "process/elf.h"
#include "vm/vmar.h"

namespace kern {

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

}  // namespace kern
