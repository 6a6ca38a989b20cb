#include "process/futex.h"

#include "mm/user_copy.h"

struct Key {
    const void* object = nullptr;  // Vmar or Vmo
    uint64_t offset = 0;
    Ref<Vmo> memory = {};  // the object, if that is a Vmo, kept alive
    bool operator==(const Key&) const = default;
};

struct FutexWaiter : WaitQueue::Waiter {
    Key key;
    uint32_t bits = ANY_BIT;
};

struct Bucket {
    Locked<List<FutexWaiter, WaitQueue::Waiter>> waiters{LockRank::futex};
};

static constinit Bucket buckets[64] = {};

static Bucket& bucket_of(const Key& key) {
    uint64_t hash = (reinterpret_cast<uint64_t>(key.object) ^ key.offset) * 0x9e37'79b9'7f4a'7c15;  // golden ratio
    return buckets[hash >> 58];
}

// EINVAL: not aligned. EFAULT: nothing is mapped there.
static Result<Key> key_of(FutexWord word) {
    Vmar& vmar = current_user_thread().vmar();
    if (word.address.value % sizeof(uint32_t)) return fail(Errno::EINVAL);
    Key key{&vmar, word.address.value};
    bool is_mapped = word.is_private && word.address < VMAR_CAP_ADDR;
    auto look = [&](const VmMapping& mapping) {
        if (!mapping.range.contains(word.address)) return;
        is_mapped = true;
        uint64_t offset = mapping.vmo_offset + (word.address - mapping.range.start);
        if (!mapping.is_private()) key = {mapping.vmo.get(), offset, mapping.vmo};
    };
    if (!word.is_private) vmar.for_each(look);
    return is_mapped ? Result<Key>(std::move(key)) : fail(Errno::EFAULT);
}

// Lets up to `most` waiters of this key go on, the longest waiting first. Returns how many it was.
static unsigned wake(const Key& key, uint32_t bits, unsigned most) {
    auto waiters = bucket_of(key).waiters.lock();
    unsigned count = 0;
    for (auto place = waiters->begin(); place != waiters->end() && count < most;) {
        FutexWaiter& waiter = *place++;
        if (waiter.key != key || !(waiter.bits & bits)) continue;
        waiter.unlink();
        WaitQueue::wake(waiter);
        count++;
    }
    return count;
}

static Result<> expect(VirtAddr address, uint32_t expected) {
    return TRY(read_user<uint32_t>(address)) == expected ? Result<>() : fail(Errno::EAGAIN);
}

Result<> futex_wait(FutexWord word, uint32_t expected, uint32_t bits, uint64_t deadline) {
    FutexWaiter waiter;
    waiter.key = TRY(key_of(word));
    waiter.bits = bits;
    Bucket& bucket = bucket_of(waiter.key);
    bucket.waiters.lock()->push_back(waiter);
    Result<> looked = expect(word.address, expected), slept = looked;
    if (looked) slept = WaitQueue::sleep(waiter, deadline, Scheduler::Interruptible::yes);
    {
        auto guard = bucket.waiters.lock();  // also waits for a waker that still looks at the waiter
        waiter.unlink();
    }
    if (!waiter.woken.load()) return slept;
    if (looked) return {};
    wake(waiter.key, bits, 1);  // it was meant for somebody who sleeps
    return looked;
}

Result<unsigned> futex_wake(FutexWord word, unsigned most, uint32_t bits) { return wake(TRY(key_of(word)), bits, most); }

// WHEN A THREAD ENDS

// A lock that the thread holds becomes nobody's: its next taker sees that its owner died, and one waiter looks at once.
static void abandon(UserThread& self, VirtAddr word) {
    constexpr uint32_t TID = 0x3fff'ffff, WAITERS = 0x8000'0000, OWNER_DIED = 0x4000'0000;
    auto value = read_user<uint32_t>(word);
    if (!value || (*value & TID) != static_cast<uint32_t>(self.tid())) return;
    (void)write_user(word, (*value & WAITERS) | OWNER_DIED);
    (void)futex_wake({word, false}, 1);
}

// struct robust_list_head: a ring of locks, where in each its futex word is, and one that is just being taken or given
// up.
static void abandon_locks(UserThread& self) {
    constexpr int MOST = 2048;
    struct Head {
        uint64_t next, offset, pending;
    };
    VirtAddr start = std::exchange(self.robust_list, VirtAddr());
    auto head = read_user<Head>(start);
    if (!start.value || !head) return;
    auto word_of = [&](uint64_t entry) { return VirtAddr((entry & ~uint64_t{1}) + head->offset); };
    uint64_t entry = head->next;
    for (int count = 0; entry && entry != start.value && count < MOST; count++) {
        auto next = read_user<uint64_t>(VirtAddr(entry & ~uint64_t{1}));
        if (entry != head->pending) abandon(self, word_of(entry));
        entry = next.value_or(0);
    }
    if (head->pending) abandon(self, word_of(head->pending));
}

// The tid is for whoever shares the space: the thread's and the process's references are those of one thread alone.
void release_user_words(UserThread& self) {
    constexpr unsigned OWN_REFS = 2;
    if (!self.vmar_ref()) return;
    abandon_locks(self);
    VirtAddr word = std::exchange(self.clear_child_tid, VirtAddr());
    self.set_child_tid = VirtAddr();
    if (!word.value || self.vmar_ref()->ref_count() <= OWN_REFS) return;
    (void)write_user(word, 0);
    (void)futex_wake({word, false}, 1);
}
