/* The vDSO: a small shared library that the kernel maps into every process. Its functions answer in user mode what would
 * otherwise take a system call; the C library finds them through AT_SYSINFO_EHDR. See vdso(7).
 *
 *     vdso base - 4096  ->  +--------+
 *                           |  vvar  |   struct VvarData
 *     vdso base         ->  +--------+
 *                           |  ELF   |   this file
 *                           +--------+
 */
#include "vvar.h"

extern const struct VvarData vvar __attribute__((visibility("hidden"))); /* vdso.lds puts it one page below */

struct timespec {
    long seconds, nanoseconds;
};
struct timeval {
    long seconds, microseconds;
};

enum { SYS_clock_gettime = 113, SYS_clock_getres = 114, SYS_rt_sigreturn = 139, SYS_getcpu = 168, SYS_riscv_flush_icache = 259 };
enum { REALTIME = 0, MONOTONIC = 1, MONOTONIC_RAW = 4, REALTIME_COARSE = 5, MONOTONIC_COARSE = 6, BOOTTIME = 7 };
enum { SECOND = 1000000000 };

/* A function that is its system call: arguments and result are in the right registers already, and nothing is pushed, which
 * matters to rt_sigreturn, whose frame is at sp. getcpu is one because nothing tells user mode its hart: no register of RISC-V
 * does, and the harts that run a process share one page table, so none has a vvar page of its own. */
#define SYSTEM_CALL(function, number)                                                                                          \
    __attribute__((naked)) int function() { __asm__ volatile("li a7, %0\n\tecall\n\tret" ::"i"(number)); }

static SYSTEM_CALL(ask_the_kernel, SYS_clock_gettime)
SYSTEM_CALL(__vdso_clock_getres, SYS_clock_getres)
SYSTEM_CALL(__vdso_getcpu, SYS_getcpu)
SYSTEM_CALL(__vdso_flush_icache, SYS_riscv_flush_icache)
SYSTEM_CALL(__vdso_rt_sigreturn, SYS_rt_sigreturn)

static unsigned long now_ns(void) {
    unsigned long ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return (unsigned long)(((unsigned __int128)ticks * vvar.ns_per_tick_32) >> 32);
}

int __vdso_clock_gettime(int clock, struct timespec* result) {
    int is_wall = clock == REALTIME || clock == REALTIME_COARSE;
    int is_monotonic = clock == MONOTONIC || clock == MONOTONIC_RAW || clock == MONOTONIC_COARSE || clock == BOOTTIME;
    if (!is_wall && !is_monotonic) return ask_the_kernel(clock, result);
    unsigned long ns = now_ns() + (is_wall ? vvar.wall_offset_ns : 0);
    result->seconds = (long)(ns / SECOND);
    result->nanoseconds = (long)(ns % SECOND);
    return 0;
}

int __vdso_gettimeofday(struct timeval* result, void* zone) {
    unsigned long ns = now_ns() + vvar.wall_offset_ns;
    if (result) {
        result->seconds = (long)(ns / SECOND);
        result->microseconds = (long)(ns % SECOND / 1000);
    }
    if (zone) *(unsigned long*)zone = 0; /* Greenwich */
    return 0;
}
