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

enum { SYS_clock_getres = 114, SYS_clock_gettime = 113, SYS_riscv_flush_icache = 259, SYS_rt_sigreturn = 139 };
enum { REALTIME = 0, MONOTONIC = 1, MONOTONIC_RAW = 4, REALTIME_COARSE = 5, MONOTONIC_COARSE = 6, BOOTTIME = 7 };
enum { SECOND = 1000000000 };

static long system_call(long number, long first, long second, long third) {
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

static unsigned long now_ns(void) {
    unsigned long ticks;
    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return (unsigned long)(((unsigned __int128)ticks * vvar.ns_per_tick_32) >> 32);
}

int __vdso_clock_gettime(int clock, struct timespec* result) {
    int is_wall = clock == REALTIME || clock == REALTIME_COARSE;
    int is_monotonic = clock == MONOTONIC || clock == MONOTONIC_RAW || clock == MONOTONIC_COARSE || clock == BOOTTIME;
    if (!is_wall && !is_monotonic) return (int)system_call(SYS_clock_gettime, clock, (long)result, 0);
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

int __vdso_clock_getres(int clock, struct timespec* result) {
    return (int)system_call(SYS_clock_getres, clock, (long)result, 0);
}

int __vdso_flush_icache(void* start, void* end, unsigned long flags) {
    return (int)system_call(SYS_riscv_flush_icache, (long)start, (long)end, (long)flags);
}

/* Where a signal handler returns to. The frame is at sp, so nothing may be pushed. */
__attribute__((naked)) void __vdso_rt_sigreturn(void) {
    __asm__ volatile("li a7, %0\n\tecall" ::"i"(SYS_rt_sigreturn));
}
