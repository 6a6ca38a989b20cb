// /proc: text made up when it is opened. How files and directories of text are shown is here; what there is to show,
// and what it says, is one tree of tables in kern/process/proc_files.cpp.
//
//     PROC_ROOT  entries: meminfo, stat, self, ...
//                numbered: a process  entries: maps, status, cwd, ...
//                                     fd    numbered: a descriptor
#pragma once

#include "fs/file.h"

// What an entry is about: a process, and in the directory of its descriptors the number of one.
struct ProcSubject {
    int pid = 0;
    int number = 0;
};

// One name in a directory of /proc, or what every number in it is.
struct ProcEntry {
    std::string_view name = {};
    InodeType type = InodeType::regular;
    uint32_t permissions = 0555;
    // What a file says, where a link leads. No lock is held; `out` may sleep. ESRCH, ENOENT: it is gone.
    Result<> (*show)(ProcSubject subject, TextSink& out) = nullptr;
    // The file that a link leads to, if that is not just where its text says.
    Result<Ref<File>> (*leads_to)(ProcSubject subject) = nullptr;
    // Of a file that is no text: the bytes at an offset. Gives their count.
    Result<size_t> (*read)(ProcSubject subject, uint64_t offset, UserBytes to) = nullptr;
    Result<size_t> (*write)(ProcSubject subject, uint64_t offset, UserBytes from) = nullptr;
    // A directory: names that are always there; then numbers: the lowest from `first` on that is there, -1 for none.
    std::span<const ProcEntry> entries = {};
    const ProcEntry* numbered = nullptr;
    int (*next_number)(ProcSubject subject, int first) = [](ProcSubject, int) { return -1; };
};

extern const ProcEntry PROC_ROOT;
