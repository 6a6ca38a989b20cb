#include "fs/fd_table.h"

namespace kern {

// What use(slot) gives for an open descriptor, called with the lock held. EBADF.
template <typename Use>
auto FdTable::with_slot(int fd, Use use) -> Result<decltype(use(std::declval<Slot&>()))> {
    auto slots = slots_.lock();
    auto index = static_cast<unsigned>(fd);
    if (index >= slots->size() || !(*slots)[index].file) return fail(Errno::EBADF);
    return use((*slots)[index]);
}

Result<Ref<File>> FdTable::get(int fd) {
    return with_slot(fd, [](Slot& slot) { return slot.file; });
}

Result<int> FdTable::add(Ref<File> file, bool close_on_exec, int lowest) {
    auto slots = slots_.lock();
    size_t fd = static_cast<unsigned>(lowest);
    while (fd < slots->size() && (*slots)[fd].file)
        fd++;
    if (fd >= limit()) return fail(Errno::EMFILE);
    if (fd >= slots->size())
        TRY(slots->resize(fd + 1));
    (*slots)[fd] = {std::move(file), close_on_exec};
    return static_cast<int>(fd);
}

Result<> FdTable::set(int fd, Ref<File> file, bool close_on_exec) {
    auto index = static_cast<unsigned>(fd);
    if (index >= limit()) return fail(Errno::EBADF);
    Slot old{std::move(file), close_on_exec};  // what it will be; goes when the lock is free again
    auto slots = slots_.lock();
    if (index >= slots->size())
        TRY(slots->resize(index + 1));
    std::swap((*slots)[index], old);
    return {};
}

Result<> FdTable::close(int fd) {
    TRY(with_slot(fd, [](Slot& slot) { return std::exchange(slot, {}); }));  // the file goes when the lock is free again
    return {};
}

Result<bool> FdTable::closes_on_exec(int fd) {
    return with_slot(fd, [](Slot& slot) { return slot.close_on_exec; });
}

Result<> FdTable::set_close_on_exec(int fd, bool close) {
    TRY(with_slot(fd, [close](Slot& slot) { return slot.close_on_exec = close; }));
    return {};
}

Result<> FdTable::copy_to(FdTable& child) {
    Slots copy;
    {
        auto slots = slots_.lock();
        TRY(copy.append(*slots));
    }
    *child.slots_.lock() = std::move(copy);
    child.set_limit(limit());
    return {};
}

// Each file goes with the lock free: its end may sleep.
template <typename Condition>
void FdTable::close_where(Condition condition) {
    for (size_t fd = 0;; fd++) {
        Slot closed;
        auto slots = slots_.lock();
        if (fd >= slots->size()) return;
        if (condition(fd, (*slots)[fd]))
            std::swap((*slots)[fd], closed);
    }
}

Result<> FdTable::close_range(unsigned first, unsigned last) {
    if (first > last) return fail(Errno::EINVAL);
    close_where([=](size_t fd, Slot&) { return first <= fd && fd <= last; });
    return {};
}

void FdTable::close_for_exec() {
    close_where([](size_t, Slot& slot) { return slot.close_on_exec; });
}

void FdTable::close_all() {
    close_where([](size_t, Slot&) { return true; });
}

Result<> ProcessFiles::copy_to(ProcessFiles& child) {
    TRY(table.copy_to(child.table));
    Ref<File> at = *directory.lock();
    child.set_working_directory(std::move(at));
    child.umask.store(umask.load());
    return {};
}

}  // namespace kern
