#include "process/futex.h"

#include "mm/user_copy.h"

namespace kern {

namespace {

struct Bucket;

struct Key {
    const void* object = nullptr;  // Vmar or Vmo
    uint64_t offset = 0;
    bool operator==(const Key&) const = default;
};

struct FutexWaiter : WaitQueue::Waiter {
    Key key;
    uint32_t bits = ANY_BIT;
    Atomic<Bucket*> bucket;  // null: it is being moved. With the lock of the bucket it is in
};

struct Bucket {
    Locked<List<FutexWaiter, WaitQueue::Waiter>> waiters{LockRank::futex};
};

constinit Bucket buckets[64] = {};

Bucket& bucket_of(const Key& key) {
    uint64_t hash = (reinterpret_cast<uint64_t>(key.object) ^ key.offset) * 0x9e37'79b9'7f4a'7c15;  // golden ratio
    return buckets[hash >> 58];
}

// The key of a word; `memory` keeps what it names alive. EINVAL: not aligned. EFAULT: nothing is mapped there.
Result<Key> key_of(FutexWord word, Ref<Vmo>& memory) {
    Vmar& vmar = current_user_thread().vmar();
    if (word.address.value % sizeof(uint32_t)) return fail(Errno::EINVAL);
    Key key{&vmar, word.address.value};
    bool is_mapped = word.is_private && word.address < VMAR_CAP_ADDR;
    auto look = [&](const VmMapping& mapping) {
        if (!mapping.range.contains(word.address)) return;
        is_mapped = true;
        if (mapping.is_private()) return;
        memory = mapping.vmo;
        key = {memory.get(), mapping.vmo_offset + (word.address - mapping.range.start)};
    };
    if (!word.is_private) vmar.for_each(look);
    return is_mapped ? Result<Key>(key) : fail(Errno::EFAULT);
}

void enter(FutexWaiter& waiter) {
    Bucket& bucket = bucket_of(waiter.key);
    auto waiters = bucket.waiters.lock();
    waiter.bucket.store_release(&bucket);
    waiters->push_back(waiter);
}

// The lock also waits for a waker that still looks at the waiter.
void leave(FutexWaiter& waiter) {
    for (;; arch::cpu_relax()) {
        Bucket* bucket = waiter.bucket.load_acquire();
        if (!bucket) continue;
        auto waiters = bucket->waiters.lock();
        if (waiter.bucket.load() != bucket) continue;
        return waiter.unlink();
    }
}

// Takes up to `most` waiters of this key out of their bucket, the longest waiting first, and calls use(waiter) with the
// bucket locked. Returns how many it was.
template <typename Use>
unsigned take_out(const Key& key, uint32_t bits, unsigned most, Use use) {
    auto waiters = bucket_of(key).waiters.lock();
    unsigned count = 0;
    for (auto place = waiters->begin(); place != waiters->end() && count < most;) {
        FutexWaiter& waiter = *place;
        ++place;
        if (waiter.key != key || !(waiter.bits & bits)) continue;
        waiter.unlink();
        use(waiter);
        count++;
    }
    return count;
}

unsigned wake(const Key& key, uint32_t bits, unsigned most) {
    return take_out(key, bits, most, [](FutexWaiter& waiter) { WaitQueue::wake(waiter); });
}

Result<> expect(VirtAddr address, uint32_t expected) {
    return TRY(read_user<uint32_t>(address)) == expected ? Result<>() : fail(Errno::EAGAIN);
}

}  // namespace

Result<> futex_wait(FutexWord word, uint32_t expected, uint32_t bits, uint64_t deadline) {
    Ref<Vmo> memory;
    FutexWaiter waiter;
    waiter.key = TRY(key_of(word, memory));
    waiter.bits = bits;
    enter(waiter);
    Result<> looked = expect(word.address, expected), slept = looked;
    if (looked) slept = WaitQueue::sleep(waiter, deadline, Scheduler::Interruptible::yes);
    leave(waiter);
    if (!waiter.woken.load()) return slept;
    if (looked) return {};
    wake(waiter.key, bits, 1);  // it was meant for somebody who sleeps
    return looked;
}

Result<unsigned> futex_wake(FutexWord word, unsigned most, uint32_t bits) {
    Ref<Vmo> memory;
    return wake(TRY(key_of(word, memory)), bits, most);
}

// Two buckets are never locked at once: those who move are in none for a moment, and leave() waits for them.
Result<unsigned> futex_requeue(FutexWord from, FutexWord to, unsigned most_woken, unsigned most_moved) {
    Ref<Vmo> from_memory, to_memory;
    Key key = TRY(key_of(from, from_memory)), new_key = TRY(key_of(to, to_memory));
    unsigned woken = wake(key, ANY_BIT, most_woken);
    List<FutexWaiter, WaitQueue::Waiter> moving;
    unsigned moved = take_out(key, ANY_BIT, most_moved, [&](FutexWaiter& waiter) {
        waiter.bucket.store(nullptr);
        moving.push_back(waiter);
    });
    while (FutexWaiter* waiter = moving.pop_front()) {
        waiter->key = new_key;
        enter(*waiter);
    }
    return woken + moved;
}

// WHEN A THREAD ENDS

namespace {

// A lock that the thread holds becomes nobody's: its next taker sees that its owner died, and one waiter looks at once.
void abandon(UserThread& self, VirtAddr word) {
    constexpr uint32_t TID = 0x3fff'ffff, WAITERS = 0x8000'0000, OWNER_DIED = 0x4000'0000;
    auto value = read_user<uint32_t>(word);
    if (!value || (*value & TID) != static_cast<uint32_t>(self.tid())) return;
    (void)write_user(word, (*value & WAITERS) | OWNER_DIED);
    (void)futex_wake({word, false}, 1);
}

// struct robust_list_head: a ring of locks, where in each its futex word is, and one that is just being taken or given
// up.
void abandon_locks(UserThread& self) {
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

}  // namespace

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

}  // namespace kern
