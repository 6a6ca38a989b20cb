// A process's file descriptors: small numbers for open files. fork(2) copies the table; the files are shared.
#pragma once

#include "fs/file.h"

class FdTable {
public:
    static constexpr uint64_t DEFAULT_LIMIT = 1024;   // RLIMIT_NOFILE, soft
    static constexpr uint64_t MOST = 65'536;          // and the hard limit

    struct Slot {
        Ref<File> file;
        bool close_on_exec = false;
    };
    Result<Slot> slot(int fd);                        // EBADF
    Result<Ref<File>> get(int fd) { return TRY(slot(fd)).file; }
    // The lowest free number from `lowest` on. EMFILE, ENOMEM.
    Result<int> add(Ref<File> file, bool close_on_exec, int lowest = 0);
    // The lowest one from `first` on that is open; -1: there is none.
    int next_open(int first);
    // Makes `fd` mean this file; what it meant is closed. EBADF beyond the limit, ENOMEM.
    Result<> set(int fd, Ref<File> file, bool close_on_exec);
    Result<> set_close_on_exec(int fd, bool close);   // EBADF
    Result<> close(int fd) { return TRY(slot(fd)), set(fd, nullptr, false); }  // EBADF
    // All of them; those that close when another program is run.
    void close_all(bool only_for_exec = false);
    void close_for_exec() { close_all(true); }

    // The child's table, empty so far, gets what this one has. ENOMEM.
    Result<> copy_to(FdTable& child);

    // RLIMIT_NOFILE: numbers from `limit` on are not given out; files that are open stay so.
    void set_limit(uint64_t limit) { limit_.store(limit < MOST ? limit : MOST); }
    uint64_t limit() const { return limit_.load(); }

private:
    using Slots = Vec<Slot>;

    Locked<Slots> slots_{LockRank::files};
    Atomic<uint64_t> limit_{DEFAULT_LIMIT};
};

// All that a process has of the file system.
struct ProcessFiles {
    FdTable table;
    Locked<Ref<File>> directory{LockRank::files};  // the working directory; open, so that it is not unmounted
    Atomic<uint32_t> umask{022};

    // Null when the process is at its end.
    Ref<Directory> working_directory() {
        auto guard = directory.lock();
        return Ref<Directory>::share(*guard ? (*guard)->inode().as_directory() : nullptr);
    }
    void set_working_directory(Ref<File> to) {
        auto guard = directory.lock();
        std::swap(*guard, to);  // the old one goes when the lock is free again
    }
    // For fork(2). ENOMEM.
    Result<> copy_to(ProcessFiles& child);
};
