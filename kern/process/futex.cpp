#include "process/futex.h"

#include "mm/user_copy.h"

namespace kern {

namespace {

struct FutexWaiter : ListNode<FutexWaiter> {
    FutexWaiter(Vmar& space, VirtAddr word) : space(space), word(word) {}

    Vmar& space;
    VirtAddr word;
    bool woken = false;
};

// Words share a bucket by their address; a waiter in it that is not meant sleeps again.
struct Bucket {
    constexpr Bucket() {}

    Locked<List<FutexWaiter, FutexWaiter>> waiters{LockRank::process};
    WaitQueue queue;
};

constinit Bucket buckets[64] = {};  // g++ 12 leaves an array without an initialiser all zero

Bucket& bucket_of(VirtAddr word) { return buckets[(word.value >> 2) % std::size(buckets)]; }

}  // namespace

// The waiter is in the list before the word is read: who changes the word and then wakes cannot miss it.
Result<> wait_futex(Vmar& space, VirtAddr word, uint32_t expected, uint64_t deadline) {
    Bucket& bucket = bucket_of(word);
    FutexWaiter waiter(space, word);
    bucket.waiters.lock()->push_back(waiter);
    auto is_woken = [&] {
        auto waiters = bucket.waiters.lock();
        return waiter.woken;
    };
    Result<> result;
    if (auto value = read_user<uint32_t>(word); !value)
        result = fail(value.error());
    else if (*value != expected)
        result = fail(Errno::EAGAIN);
    else if (auto woken = bucket.queue.wait_until(is_woken, deadline); !woken)
        result = fail(woken.error());
    auto waiters = bucket.waiters.lock();
    waiter.unlink();
    return waiter.woken ? Result<>() : result;
}

size_t wake_futex(Vmar& space, VirtAddr word, size_t count) {
    Bucket& bucket = bucket_of(word);
    size_t woken = 0;
    {
        auto waiters = bucket.waiters.lock();
        for (auto place = waiters->begin(); place != waiters->end() && woken < count;) {
            FutexWaiter& waiter = *place;
            ++place;
            if (&waiter.space != &space || waiter.word != word)
                continue;
            waiter.woken = true;
            waiter.unlink();
            woken++;
        }
    }
    if (woken)
        bucket.queue.wake_all();
    return woken;
}

}  // namespace kern
