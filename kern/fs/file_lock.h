// Advisory locks: fcntl(2)'s on ranges of bytes, which belong to a process or (F_OFD_SETLK) to an open file, and
// flock(2)'s on whole files, which belong to an open file. The two kinds do not see each other.
#pragma once

#include "fs/inode.h"

namespace kern {

enum class LockKind { range, whole };
enum class LockType : uint16_t { read, write, none };  // F_RDLCK, F_WRLCK, F_UNLCK

struct FileLock {
    Inode* inode;
    const void* owner;      // a process's FdTable, or a File
    LockKind kind;
    LockType type;
    uint64_t first = 0, last = UINT64_MAX;
    int pid = -1;           // as F_GETLK tells it
};

// Takes, changes or (LockType::none) gives up a lock. EAGAIN when another's is in the way, or sleeps until it is not:
// EINTR. ENOMEM.
Result<> set_lock(const FileLock& wanted, bool waits);
// Another's lock that is in the way of this one; one of LockType::none when there is none.
FileLock find_conflict(const FileLock& wanted);
// All that `owner` has on this file.
void release_locks(Inode& inode, const void* owner);

}  // namespace kern
