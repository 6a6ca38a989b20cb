// Waiting on a word of user memory: futex(2), FUTEX_WAIT and FUTEX_WAKE among threads that share one space.
#pragma once

#include "sched/wait_queue.h"
#include "vm/vmar.h"

namespace kern {

// Sleeps until wake_futex() on the same word. EAGAIN: the word is not `expected` any more; ETIMEDOUT, EINTR, EFAULT.
Result<> wait_futex(Vmar& space, VirtAddr word, uint32_t expected, uint64_t deadline);
// Wakes at most `count` waiters; returns how many.
size_t wake_futex(Vmar& space, VirtAddr word, size_t count);

}  // namespace kern
