// malloc, free and realloc over the program break.
//
//     heap_start                                                            the break
//     |[head|payload.....][head|payload..][head|free.......][head|payload][tail]|
//
// Blocks fill the heap without gaps. The 16-byte head before each payload holds this block's size and the one below's, so
// that both neighbours are found in a step. A free block keeps its links in the list of free blocks where the payload was.
// The tail is the head of a used block of size 0: the end of the heap needs no special case.
#include "malloc.h"

#include "lab.h"

enum {
    HEAD = 16,           // bytes before a payload
    SMALLEST = 32,       // bytes of a block: a head and two links
    GROWTH = 16 * PAGE,  // the least the heap grows by
    USED = 1,            // in `size`, whose lowest bits are free: sizes are multiples of 16
};
static const size_t LARGEST = (size_t)1 << 38;  // of a request; no address space is larger

struct block {
    size_t size;        // of the whole block with its head, plus USED
    size_t size_below;  // of the block below it; 0 for the lowest
    struct block* next; // of a free block: its neighbours in the list of free blocks
    struct block* previous;
};

static struct block free_list = {.next = &free_list, .previous = &free_list};
static struct block* tail;  // NULL before the first malloc

static size_t size_of(const struct block* block) { return block->size & ~(size_t)USED; }
static int is_free(const struct block* block) { return !(block->size & USED); }
static struct block* above(struct block* block) { return (struct block*)((char*)block + size_of(block)); }
static struct block* below(struct block* block) { return (struct block*)((char*)block - block->size_below); }
static void* payload_of(struct block* block) { return (char*)block + HEAD; }
static struct block* block_of(void* payload) { return (struct block*)((char*)payload - HEAD); }

// The size of a block whose payload holds `size` bytes.
static size_t block_size(size_t size) {
    size_t whole = (size + HEAD + 15) & ~(size_t)15;
    return whole < SMALLEST ? SMALLEST : whole;
}

// Gives the block a size, and tells the block above.
static void set_size(struct block* block, size_t size, size_t used) {
    block->size = size | used;
    above(block)->size_below = size;
}

static void link_free(struct block* block) {
    block->next = free_list.next;
    block->previous = &free_list;
    block->next->previous = block;
    free_list.next = block;
}

static void unlink_free(struct block* block) {
    block->next->previous = block->previous;
    block->previous->next = block->next;
}

// Turns a used block without free neighbours into a free one.
static void make_free(struct block* block) {
    set_size(block, size_of(block), 0);
    link_free(block);
}

// Cuts a used block down to `size` bytes. Returns the rest as a used block of its own, or NULL if it is too small for one.
static struct block* split(struct block* block, size_t size) {
    size_t rest = size_of(block) - size;
    if (rest < SMALLEST)
        return NULL;
    set_size(block, size, USED);
    set_size(above(block), rest, USED);
    return above(block);
}

// Writes the tail at the beginning of the heap, before which no block can be. 0 when the break cannot move.
static int start_heap(void) {
    uintptr_t start = (brk(0) + 15) & ~(uintptr_t)15;
    if (brk(start + HEAD) != start + HEAD)
        return 0;
    tail = (struct block*)start;
    tail->size = USED;
    return 1;
}

// LAB malloc.alloc [begin]
// Makes a used block of `size` bytes at the end of the heap, out of the free block that may be there and new memory. NULL,
// and nothing changed, when the break cannot move.
static struct block* extend(size_t size) {
    if (!tail && !start_heap())
        return NULL;
    int joins = tail->size_below && is_free(below(tail));
    struct block* block = joins ? below(tail) : tail;
    uintptr_t end = (uintptr_t)block + size + HEAD;
    if (brk(end) != end)
        return NULL;
    if (joins)
        unlink_free(block);
    tail = (struct block*)((char*)block + size);
    tail->size = USED;
    set_size(block, size, USED);
    return block;
}

// Takes the first block off the list that has `wanted` bytes; NULL when there is none.
static struct block* take_free(size_t wanted) {
    for (struct block* block = free_list.next; block != &free_list; block = block->next) {
        if (size_of(block) < wanted)
            continue;
        unlink_free(block);
        set_size(block, size_of(block), USED);
        return block;
    }
    return NULL;
}

void* malloc(size_t size) {
    if (size > LARGEST)
        return NULL;
    size_t wanted = block_size(size);
    struct block* block = take_free(wanted);
    if (!block)
        block = extend(wanted < GROWTH ? GROWTH : wanted);
    if (!block)
        block = extend(wanted);  // near the limit: without anything to spare
    if (!block)
        return NULL;
    struct block* rest = split(block, wanted);
    if (rest)
        make_free(rest);
    return payload_of(block);
}
// LAB malloc.alloc [stub]
//   // Makes a used block of `size` bytes at the end of the heap, out of the free block that may be there and new memory.
//   static struct block* extend(size_t size) {
//       (void)size, (void)start_heap, (void)make_free;
//       return NULL;
//   }
//
//   void* malloc(size_t size) {
//       (void)size, (void)LARGEST, (void)block_size, (void)split, (void)extend;
//       (void)unlink_free, (void)is_free, (void)below, (void)payload_of;
//       lab_todo("malloc.alloc", "labs/3-heap, task 3");
//       return NULL;
//   }
// LAB malloc.alloc [end]

// LAB malloc.free [begin]
// Makes a used block free and one with its free neighbours.
static void release(struct block* block) {
    size_t size = size_of(block);
    struct block* next = above(block);
    if (is_free(next)) {
        unlink_free(next);
        size += size_of(next);
    }
    if (block->size_below && is_free(below(block))) {
        block = below(block);
        unlink_free(block);
        size += size_of(block);
    }
    set_size(block, size, USED);
    make_free(block);
}
// LAB malloc.free [stub]
//   // Makes a used block free and one with its free neighbours.
//   static void release(struct block* block) {
//       (void)block;
//       lab_todo("malloc.free", "labs/3-heap, task 4");
//   }
// LAB malloc.free [end]

void free(void* payload) {
    if (payload)
        release(block_of(payload));
}

// LAB malloc.realloc [begin]
// Makes a used block at least `wanted` large where it is, out of the free block above it and, at the end of the heap, of
// new memory. Says whether that was possible.
static int widen(struct block* block, size_t wanted) {
    struct block* next = above(block);
    size_t spare = is_free(next) ? size_of(next) : 0;
    struct block* after = spare ? above(next) : next;
    if (size_of(block) + spare >= wanted)
        unlink_free(next);
    else if (after != tail || !(next = extend(wanted - size_of(block))))
        return 0;
    set_size(block, size_of(block) + size_of(next), USED);
    return 1;
}

void* realloc(void* payload, size_t size) {
    if (!payload)
        return malloc(size);
    if (size > LARGEST)
        return NULL;
    struct block* block = block_of(payload);
    size_t wanted = block_size(size);
    if (wanted <= size_of(block) || widen(block, wanted)) {
        struct block* rest = split(block, wanted);
        if (rest)
            release(rest);
        return payload;
    }
    void* moved = malloc(size);
    if (!moved)
        return NULL;
    memcpy(moved, payload, size_of(block) - HEAD);
    release(block);
    return moved;
}
// LAB malloc.realloc [stub]
//   void* realloc(void* payload, size_t size) {
//       (void)payload, (void)size;
//       lab_todo("malloc.realloc", "labs/3-heap, task 5");
//       return NULL;
//   }
// LAB malloc.realloc [end]
