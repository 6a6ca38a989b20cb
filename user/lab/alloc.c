// The probe of the malloc part of lab 3.
#include "malloc.h"
#include "probe.h"

// Fills a block with bytes that tell it from others and its ends from its middle.
static void fill(unsigned char* block, uint64_t size, uint64_t pattern) {
    for (uint64_t i = 0; block && i < size; i++)
        block[i] = (unsigned char)(pattern + i * 7);
}

static int64_t alloc_step(const struct step* step, const int64_t* a) {
    switch (step->kind) {
    case STEP_ALLOC: {
        void* block = malloc((size_t)a[0]);
        fill(block, (uint64_t)a[0], (uint64_t)a[1]);
        return (int64_t)(uintptr_t)block;
    }
    case STEP_FREE:
        free((void*)a[0]);
        return 0;
    case STEP_RESIZE:
        return (int64_t)(uintptr_t)realloc((void*)a[0], (size_t)a[1]);
    default:
        return -38;
    }
}

void probe_main(void) { run_challenge(alloc_step); }
