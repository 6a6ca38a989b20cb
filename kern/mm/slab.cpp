// A slab is one frame cut into slots of one size. Free slots are chained through their own first word; the frame's
// record holds the chain's head and the number of slots in use.
//
//     frame:        [ used | free -+ | used | free -> null ]
//                            ^     |          ^
//     free_slots ------------+     +----------+
//
// A slab with free slots stands in the list of its size; a full one stands in none; an empty one gives its frame back.
#include "mm/slab.h"

#include "mm/frame.h"

struct FreeSlot {
    FreeSlot* next;
    uint64_t junk;  // debug builds: FREE_MARK, as all of the slot
};

constexpr uint64_t FREE_MARK = 0xdddd'dddd'dddd'dddd;

// Powers of two and a step between, so that less than a third of a slot is wasted.
constexpr size_t SLOT_SIZES[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1344, 2048};
constexpr size_t CLASS_COUNT = std::size(SLOT_SIZES);

struct SlabHeap {
    List<Frame, Frame> with_room[CLASS_COUNT];
    size_t used_bytes = 0;
};

static Locked<SlabHeap> heap{LockRank::slab};

// Cuts a new frame into slots, lowest address first in the chain.
static Result<Frame*> make_slab(size_t slot_class) {
    Frame* slab = TRY(allocate_frame(FrameUse::slab, Fill::none));
    size_t size = SLOT_SIZES[slot_class];
    slab->free_slots = nullptr;
    for (size_t at = PAGE_SIZE / size * size; at >= size; at -= size)
        slab->free_slots = new (slab->data() + at - size) FreeSlot{static_cast<FreeSlot*>(slab->free_slots), FREE_MARK};
    slab->slot_class = slot_class & 0xf;
    return slab;
}

static void* allocate_slot(size_t slot_class) {
    auto all = heap.lock();
    auto& with_room = all->with_room[slot_class];
    if (with_room.empty()) {
        auto made = make_slab(slot_class);
        if (!made) return nullptr;
        with_room.push_front(**made);
    }
    Frame& slab = *with_room.front();
    auto* slot = static_cast<FreeSlot*>(slab.free_slots);
    slab.free_slots = slot->next;
    slab.live++;
    if (!slab.free_slots) slab.unlink();
    all->used_bytes += SLOT_SIZES[slot_class];
    return slot;
}

static void free_slot(Frame& slab, FreeSlot* slot) {
    size_t size = SLOT_SIZES[slab.slot_class];
    auto all = heap.lock();
    if constexpr (DEBUG_BUILD) {
        // Only a slot that looks free is searched for: was it freed before?
        auto* free = static_cast<FreeSlot*>(slot->junk == FREE_MARK ? slab.free_slots : nullptr);
        for (; free; free = free->next) ASSERT(free != slot);
        memset(static_cast<void*>(slot), static_cast<int>(FREE_MARK & 0xff), size);
    }
    if (!slab.free_slots) all->with_room[slab.slot_class].push_front(slab);
    slot->next = static_cast<FreeSlot*>(slab.free_slots);
    slab.free_slots = slot;
    all->used_bytes -= size;
    if (--slab.live > 0) return;
    slab.unlink();
    slab.unref();
}

static void* allocate_run(size_t size) {
    if (size > PAGE_SIZE << MAX_FRAME_ORDER) return nullptr;
    auto order = static_cast<unsigned>(std::bit_width((size - 1) >> PAGE_SHIFT));
    auto run = allocate_frame(FrameUse::kernel, Fill::none, order);
    return run ? (*run)->data() : nullptr;
}

void* heap_allocate(size_t size) {
    if (allocation_fails && allocation_fails()) return nullptr;
    auto slot_class = static_cast<size_t>(std::ranges::lower_bound(SLOT_SIZES, size) - SLOT_SIZES);
    return slot_class < CLASS_COUNT ? allocate_slot(slot_class) : allocate_run(size);
}

void heap_free(void* pointer) {
    if (!pointer) return;
    Frame& frame = frame_at(arch::virt_to_phys(pointer));
    if (frame.use == FrameUse::slab) free_slot(frame, static_cast<FreeSlot*>(pointer));
    else frame.unref();
}

size_t heap_used_bytes() { return heap.lock()->used_bytes; }
