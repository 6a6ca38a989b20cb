/* The page of data below the vDSO's code, mapped read-only into every process: what clock_gettime needs beside the time
 * register. Written once by the kernel (process/process_vmar.cpp), before the first process. */
#pragma once

struct VvarData {
    unsigned long ns_per_tick_32; /* nanoseconds per tick of the time register, times 2^32 */
    unsigned long wall_offset_ns; /* wall clock minus time since power-on */
};
