// Address spaces in words: for messages about a killed program, panic reports, and /proc/<pid>/maps.
#pragma once

#include "base/print.h"
#include "vm/vmar.h"

namespace kern {

// What a mapping is called: its file's path, "[heap]", "[stack]", "[vdso]", "[vvar]", or nothing.
std::string_view mapping_name(const VmMapping& mapping, VirtRange heap);

// "nothing mapped there (below 0x10000)", or which mapping `address` lies in.
void describe_place(TextSink& sink, Vmar& vmar, VirtAddr address);

}  // namespace kern
