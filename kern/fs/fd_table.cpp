#include "fs/fd_table.h"

Result<FdTable::Slot> FdTable::slot(int fd) {
    auto slots = slots_.lock();
    auto index = static_cast<unsigned>(fd);
    return index < slots->size() && (*slots)[index].file ? Result<Slot>((*slots)[index]) : fail(Errno::EBADF);
}

Result<int> FdTable::add(Ref<File> file, bool close_on_exec, int lowest) {
    auto slots = slots_.lock();
    size_t fd = static_cast<unsigned>(lowest);
    while (fd < slots->size() && (*slots)[fd].file) fd++;
    if (fd >= limit()) return fail(Errno::EMFILE);
    if (fd >= slots->size()) TRY(slots->resize(fd + 1));
    (*slots)[fd] = {std::move(file), close_on_exec};
    return static_cast<int>(fd);
}

int FdTable::next_open(int first) {
    auto slots = slots_.lock();
    for (auto fd = static_cast<size_t>(first); fd < slots->size(); fd++)
        if ((*slots)[fd].file) return static_cast<int>(fd);
    return -1;
}

// What a descriptor meant goes with the lock free: its end may sleep. A process's locks on a file end with the first of
// its descriptors for it, see fcntl(2).
Result<> FdTable::set(int fd, Ref<File> file, bool close_on_exec) {
    auto index = static_cast<unsigned>(fd);
    if (file && index >= limit()) return fail(Errno::EBADF);
    Slot old{std::move(file), close_on_exec};  // what it will be
    auto slots = slots_.lock();
    if (index >= slots->size()) TRY(slots->resize(index + 1));
    std::swap((*slots)[index], old);
    slots.unlock();
    if (old.file) release_locks(old.file->inode(), this);
    return {};
}

Result<> FdTable::set_close_on_exec(int fd, bool close) {
    TRY(slot(fd));
    (*slots_.lock())[static_cast<unsigned>(fd)].close_on_exec = close;
    return {};
}

void FdTable::close_all(bool only_for_exec) {
    for (int fd = 0; (fd = next_open(fd)) >= 0; fd++) {
        auto slot = this->slot(fd);
        if (slot && (slot->close_on_exec || !only_for_exec)) (void)close(fd);
    }
}

Result<> FdTable::copy_to(FdTable& child) {
    Slots copy;
    TRY(copy.append(*slots_.lock()));
    *child.slots_.lock() = std::move(copy);
    child.set_limit(limit());
    return {};
}

Result<> ProcessFiles::copy_to(ProcessFiles& child) {
    TRY(table.copy_to(child.table));
    Ref<File> at = *directory.lock();
    child.set_working_directory(std::move(at));
    child.umask.store(umask.load());
    return {};
}
