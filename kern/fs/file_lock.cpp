#include "fs/file_lock.h"

namespace kern {

namespace {

struct HeldLock : ListNode<HeldLock>, FileLock {
    explicit HeldLock(const FileLock& lock) : FileLock(lock) {}

    bool is_like(const FileLock& other) const { return inode == other.inode && kind == other.kind; }
    bool overlaps(const FileLock& other) const { return first <= other.last && other.first <= last; }
    bool blocks(const FileLock& other) const {
        bool excludes = type == LockType::write || other.type == LockType::write;
        return is_like(other) && owner != other.owner && excludes && overlaps(other);
    }
};

// All there are: a handful. The inode of each is open, so it is there.
constinit Locked<List<HeldLock, HeldLock>, Mutex> locks{LockRank::inode};
constinit Atomic<uint32_t> lock_count;  // mostly 0: then nobody who closes a file has to look
constinit WaitQueue released;

// The first in the file that is in the way.
HeldLock* find_blocking(List<HeldLock, HeldLock>& list, const FileLock& wanted) {
    HeldLock* first = nullptr;
    for (HeldLock& held : list)
        if (held.blocks(wanted) && (!first || held.first < first->first))
            first = &held;
    return wanted.type == LockType::none ? nullptr : first;
}

void remove(HeldLock& held) {
    held.unlink();
    delete &held;
    lock_count.fetch_sub(1);
}

void insert(List<HeldLock, HeldLock>& list, Own<HeldLock> lock) {
    list.push_back(*lock.release());
    lock_count.fetch_add(1);
}

// Puts the owner's new lock in the place of what it had there:
//
//     had        [ read           ]        [ read ]
//     wanted            [ write ]                  [ read ]
//     has now    [ read ][write ][]        [ read         ]
void replace(List<HeldLock, HeldLock>& list, Own<HeldLock> lock, Own<HeldLock> rest) {
    for (auto at = list.begin(); at != list.end();) {
        HeldLock& held = *at;
        ++at;
        if (!held.is_like(*lock) || held.owner != lock->owner) continue;
        bool touches = held.overlaps(*lock) || held.last + 1 == lock->first || lock->last + 1 == held.first;
        if (held.type == lock->type && touches) {
            lock->first = std::min(lock->first, held.first);
            lock->last = std::max(lock->last, held.last);
            remove(held);
        } else if (held.overlaps(*lock)) {
            bool stays_before = held.first < lock->first, stays_behind = held.last > lock->last;
            if (stays_before && stays_behind) {
                static_cast<FileLock&>(*rest) = held;
                rest->first = lock->last + 1;
                insert(list, std::move(rest));
            }
            if (stays_before)
                held.last = lock->first - 1;
            else if (stays_behind)
                held.first = lock->last + 1;
            else
                remove(held);
        }
    }
    if (lock->type != LockType::none)
        insert(list, std::move(lock));
}

}  // namespace

Result<> set_lock(const FileLock& wanted, bool waits) {
    auto lock = TRY(make_own<HeldLock>(wanted)), rest = TRY(make_own<HeldLock>(wanted));
    auto attempt = [&] {
        auto list = locks.lock();
        if (find_blocking(*list, wanted)) return false;
        replace(*list, std::move(lock), std::move(rest));
        return true;
    };
    if (!waits && !attempt()) return fail(Errno::EAGAIN);
    if (waits)
        TRY(released.wait_until(attempt));
    released.wake_all();  // it may be less than before
    return {};
}

FileLock find_conflict(const FileLock& wanted) {
    auto list = locks.lock();
    HeldLock* held = find_blocking(*list, wanted);
    FileLock found = held ? *held : wanted;
    if (!held)
        found.type = LockType::none;
    return found;
}

void release_locks(Inode& inode, const void* owner) {
    if (!lock_count.load()) return;
    {
        auto list = locks.lock();
        for (auto at = list->begin(); at != list->end();) {
            HeldLock& held = *at;
            ++at;
            if (held.inode == &inode && held.owner == owner)
                remove(held);
        }
    }
    released.wake_all();
}

}  // namespace kern
