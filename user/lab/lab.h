// For the labs' probe programs: raw Linux system calls and the few helpers that need no C library. Probes run before the
// initial stack and the heap exist, so nothing here uses either.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PAGE = 4096 };

// Numbers of Linux's riscv64 system calls.
enum { SYS_WRITE = 64, SYS_EXIT_GROUP = 94, SYS_BRK = 214, SYS_CLONE = 220, SYS_WAIT4 = 260 };

long call(long number, long a0, long a1, long a2, long a3, long a4, long a5);
_Noreturn void leave(int status);

// Moves the program break to `wanted` and returns the break as it is then: the system call itself, not the C library's.
static inline uintptr_t brk(uintptr_t wanted) { return (uintptr_t)call(SYS_BRK, (long)wanted, 0, 0, 0, 0, 0); }

// What a hole of a user program says when it is reached: once a hole, on standard error.
#define lab_todo(hole, task)                              \
    do {                                                  \
        static int said;                                  \
        if (!said++)                                      \
            lab_todo_at(hole, task, __FILE__, __LINE__);  \
    } while (0)
void lab_todo_at(const char* hole, const char* task, const char* file, int line);

void* memset(void* to, int byte, size_t size);
void* memcpy(void* to, const void* from, size_t size);
void* memmove(void* to, const void* from, size_t size);
