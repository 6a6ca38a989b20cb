// Waiting for a word of user memory to change: futex(2). A mutex that is free is taken without the kernel; who must
// wait, and who lets go of one that others wait for, comes here.
//
//     thread                                   kernel
//     compare-and-swap fails     FUTEX_WAIT    stand in the bucket of the word's key, then look: that value still? sleep
//     set it free                FUTEX_WAKE    let so many of that key go on
//
// The key is the space and the address, or, where memory is shared between spaces, the Vmo and the offset.
#pragma once

#include "process/process.h"

inline constexpr uint32_t ANY_BIT = 0xffff'ffff;

// A futex word of the current program. `is_private`: of this process alone, so no mapping need be looked up.
struct FutexWord {
    VirtAddr address;
    bool is_private;
};

// Waits while the word is `expected`, until a wake with a bit of `bits` or the deadline (ns since power-on). EAGAIN: it
// is not. EFAULT, ETIMEDOUT, EINTR.
Result<> futex_wait(FutexWord word, uint32_t expected, uint32_t bits, uint64_t deadline);
// Returns how many were let go on. EFAULT.
Result<unsigned> futex_wake(FutexWord word, unsigned most, uint32_t bits = ANY_BIT);
// What the kernel does for a thread that ends, or gets a new program: marks the locks it still holds, zeroes its tid.
void release_user_words(UserThread& self);
