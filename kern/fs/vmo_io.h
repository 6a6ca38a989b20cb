// Bytes between a file's pages and the calling program, straight from frame to user memory: no lock is held and no other
// buffer lies between.
#pragma once

#include "fs/inode.h"

namespace kern {

// Both give the bytes copied: fewer than asked at the end of the file, or when a page of either side cannot be had after
// the first bytes; the error when there are none.

// EFAULT, EIO, ENOMEM. What was never written reads as zeroes and takes no memory.
Result<size_t> read_to_user(Vmo& vmo, uint64_t offset, UserBytes to);
// Makes the file longer where the bytes reach past its end. EFAULT, EIO, EFBIG, ENOSPC. The file's changes() are held.
Result<size_t> write_from_user(Vmo& vmo, uint64_t offset, UserBytes from);

// A file without a disk may not take the last of the memory: programs need some to go on, if only to remove it.
bool memory_for_files();

}  // namespace kern
