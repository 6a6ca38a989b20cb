#include "fs/file.h"

// All there are: a handful. The inode of each is open, so it is there. The lock spins: a mapping that goes may be the last
// to have a file open, and goes with the lock of its Vmar held.
static constinit Locked<Vec<FileLock>> locks{LockRank::inode};
static constinit Atomic<uint64_t> lock_count;  // mostly 0: then nobody who closes a file has to look
static constinit WaitQueue released;

static bool overlap(const FileLock& a, const FileLock& b) { return a.first <= b.last && b.first <= a.last; }

// The first in the file that another owner has in the way; null: none.
static const FileLock* find_blocking(const Vec<FileLock>& list, const FileLock& wanted) {
    const FileLock* first = nullptr;
    for (const FileLock& held : list) {
        if (held.inode != wanted.inode || held.owner == wanted.owner || !overlap(held, wanted)) continue;
        bool excludes = held.type == LockType::write || wanted.type == LockType::write;
        if (excludes && (!first || held.first < first->first)) first = &held;
    }
    return wanted.type == LockType::none ? nullptr : first;
}

// Puts the owner's new lock in the place of what it had there:
//
//     had        [ read           ]        [ read ]
//     wanted            [ write ]                  [ read ]
//     has now    [ read ][write ][]        [ read         ]
static Result<> replace(Vec<FileLock>& list, FileLock lock) {
    Vec<FileLock> after;
    for (const FileLock& held : list) {
        bool is_mine = held.inode == lock.inode && held.owner == lock.owner, overlaps = overlap(held, lock);
        bool touches = overlaps || held.last + 1 == lock.first || lock.last + 1 == held.first;
        if (is_mine && touches && held.type == lock.type) {
            lock.first = std::min(lock.first, held.first);
            lock.last = std::max(lock.last, held.last);
        } else if (is_mine && overlaps) {
            FileLock before = held, behind = held;
            before.last = lock.first - 1;
            behind.first = lock.last + 1;
            if (held.first < lock.first) TRY(after.push(before));
            if (held.last > lock.last) TRY(after.push(behind));
        } else {
            TRY(after.push(held));
        }
    }
    if (lock.type != LockType::none) TRY(after.push(lock));
    list = std::move(after);
    lock_count.store(list.size());
    return {};
}

Result<> set_lock(const FileLock& wanted, bool waits) {
    Result<> replaced;
    auto attempt = [&] {
        auto list = locks.lock();
        bool is_free = !find_blocking(*list, wanted);
        if (is_free) replaced = replace(*list, wanted);
        return is_free;
    };
    TRY(released.wait_until(attempt, waits ? NEVER : WaitQueue::AT_ONCE));
    released.wake_all();  // it may be less than before
    return replaced;
}

FileLock find_conflict(const FileLock& wanted) {
    auto list = locks.lock();
    const FileLock* held = find_blocking(*list, wanted);
    return held ? *held : FileLock{wanted.inode, wanted.owner, LockType::none};
}

void release_locks(Inode& inode, const void* owner) {
    if (!lock_count.load()) return;
    auto list = locks.lock();
    for (size_t i = list->size(); i-- > 0;)
        if ((*list)[i].inode == &inode && (*list)[i].owner == owner) {
            (*list)[i] = list->back();
            list->pop();
        }
    lock_count.store(list->size());
    list.unlock();
    released.wake_all();
}
