// A memory allocator over the program break, without a C library. See malloc(3) and brk(2).
#pragma once

#include <stddef.h>

// `size` bytes at a multiple of 16, or NULL when memory ran out or the size is absurd. malloc(0) gives a block like any other.
void* malloc(size_t size);
// Gives a block back; NULL is ignored. What lies free side by side becomes one free block.
void free(void* block);
// The block with its size changed and its contents kept, at the same place if what follows it is free and large enough or
// is the end of the heap, elsewhere otherwise; NULL, the block untouched, when memory ran out. NULL as a block: malloc.
void* realloc(void* block, size_t size);
