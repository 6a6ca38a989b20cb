// Files that live in memory alone: a file's content is its Vmo, a directory a table of names. All are gone at power-off.
#pragma once

#include "fs/directory.h"

namespace kern {

// A directory to begin such a file system with. ENOMEM.
Result<Ref<Directory>> make_ram_directory(FileSystem& fs, uint32_t permissions);
// The root of a new, empty file system of this kind, which goes with its last file. ENOMEM.
Result<Ref<Directory>> make_tmpfs();

// A file without a disk may not take the last of the memory: programs need some to go on, if only to remove it.
bool memory_for_files();

}  // namespace kern
