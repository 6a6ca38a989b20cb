#include "base/lock_rank.h"

#include "base/console.h"
#include "base/panic.h"

namespace kern {

// Ranks are pushed in ascending order, so the last one is the highest, whichever were dropped in between.
void HeldLocks::push(LockRank rank) {
    if (is_panicking())
        return;
    if (depth_ == std::size(ranks_))
        panic("a hart holds more than {} locks", depth_);
    if (depth_ && ranks_[depth_ - 1] >= rank)
        panic("lock order: a lock of rank {} is taken under one of rank {}; see base/lock_rank.h", rank,
              ranks_[depth_ - 1]);
    ranks_[depth_++] = rank;
}

void HeldLocks::pop(LockRank rank) {
    uint32_t at = depth_;
    while (at > 0 && ranks_[at - 1] != rank)
        at--;
    if (at == 0)
        return;
    for (; at < depth_; at++)
        ranks_[at - 1] = ranks_[at];
    depth_--;
}

}  // namespace kern
