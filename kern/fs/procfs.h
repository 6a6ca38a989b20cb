// /proc: text made up when it is opened. How it is shown is here; what is shown of processes comes from the layer above,
// through the functions below.
#pragma once

#include "base/print.h"
#include "fs/directory.h"

namespace kern {

Result<Ref<Directory>> make_procfs();

// WHAT /proc ASKS OF THE PROCESSES (implemented in kern/process). A process that has gone is ESRCH; one that is going
// shows its old space, its new one, or nothing.

// The files of /proc/<pid>: see proc(5).
enum class ProcessFile : uint32_t { auxv, cmdline, environ, maps, stat, status };

// The process that asks.
int calling_process();
// The lowest process number above `pid`; 0: there is none.
int next_process(int pid);
bool process_exists(int pid);
// Writes the file as it is now. No lock is held; `out` may sleep.
Result<> write_process_file(int pid, ProcessFile which, TextSink& out);
// Where /proc/<pid>/exe leads. ENOENT: it runs none.
Result<Ref<BackingFile>> process_executable(int pid);
// Where /proc/<pid>/cwd leads.
Result<Ref<Directory>> process_directory(int pid);

}  // namespace kern
