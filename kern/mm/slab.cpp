// A slab is one frame cut into slots of one size. Free slots are chained through their own first word; the frame's
// record holds the chain's head and the number of slots in use.
//
//     frame:        [ used | free -+ | used | free -> null ]
//                            ^     |          ^
//     free_slots ------------+     +----------+
//
// A slab with free slots stands in the list of its size; a full one stands in none; an empty one gives its frame back.
#include "mm/slab.h"

#include <array>
#include <bit>
#include <cstring>

#include "arch/contract.h"
#include "base/locked.h"
#include "mm/frame.h"

namespace kern {

namespace {

struct FreeSlot {
    FreeSlot* next;
    uint64_t junk;  // debug builds: FREE_MARK, as all of the slot
};

constexpr uint64_t FREE_MARK = 0xdddd'dddd'dddd'dddd;

// Slot sizes: powers of two and a step between, so that less than a third of a slot is wasted.
constexpr size_t SLOT_SIZES[] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1344, 2048};
constexpr size_t CLASS_COUNT = std::size(SLOT_SIZES);
constexpr size_t MAX_SLOT = SLOT_SIZES[CLASS_COUNT - 1];

// class_of[n] is the class whose slots hold 16 * n bytes.
constexpr auto class_of = [] {
    std::array<uint8_t, MAX_SLOT / 16 + 1> table{};
    for (size_t n = 0, slot_class = 0; n < table.size(); n++) {
        while (SLOT_SIZES[slot_class] < n * 16)
            slot_class++;
        table[n] = static_cast<uint8_t>(slot_class);
    }
    return table;
}();

struct Heap {
    List<Frame, Frame> with_room[CLASS_COUNT];
    size_t used_bytes = 0;
};

Locked<Heap> heap{LockRank::slab};

// Cuts a new frame into slots, lowest address first in the chain.
Result<Frame*> make_slab(size_t slot_class) {
    Frame* slab = TRY(allocate_frame(FrameUse::slab, Fill::none));
    size_t size = SLOT_SIZES[slot_class];
    FreeSlot* next = nullptr;
    for (size_t at = PAGE_SIZE / size * size; at >= size; at -= size) {
        auto* slot = reinterpret_cast<FreeSlot*>(slab->data() + at - size);
        slot->next = next;
        slot->junk = FREE_MARK;
        next = slot;
    }
    slab->free_slots = next;
    slab->slot_class = slot_class & 0xf;
    return slab;
}

void* take_slot(Heap& all, Frame& slab) {
    auto* slot = static_cast<FreeSlot*>(slab.free_slots);
    slab.free_slots = slot->next;
    slab.live++;
    if (!slab.free_slots)
        slab.unlink();
    all.used_bytes += SLOT_SIZES[slab.slot_class];
    return slot;
}

void* allocate_slot(size_t slot_class) {
    auto all = heap.lock();
    if (all->with_room[slot_class].empty()) {
        auto slab = make_slab(slot_class);
        if (!slab) return nullptr;
        all->with_room[slot_class].push_front(**slab);
    }
    return take_slot(*all, *all->with_room[slot_class].front());
}

void check_not_free(Frame& slab, FreeSlot* freed) {
    if (freed->junk != FREE_MARK)  // cheap; only a slot that looks free is searched for
        return;
    for (auto* slot = static_cast<FreeSlot*>(slab.free_slots); slot; slot = slot->next)
        ASSERT(slot != freed);  // freed twice
}

void free_slot(Frame& slab, void* pointer) {
    auto* slot = static_cast<FreeSlot*>(pointer);
    size_t size = SLOT_SIZES[slab.slot_class];
    auto all = heap.lock();
    if constexpr (DEBUG_BUILD) {
        check_not_free(slab, slot);
        memset(pointer, static_cast<int>(FREE_MARK & 0xff), size);
    }
    if (!slab.free_slots)
        all->with_room[slab.slot_class].push_front(slab);
    slot->next = static_cast<FreeSlot*>(slab.free_slots);
    slab.free_slots = slot;
    all->used_bytes -= size;
    if (--slab.live == 0) {
        slab.unlink();
        slab.unref();
    }
}

void* allocate_run(size_t size) {
    size_t pages = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
    if (pages == 0 || pages > size_t{1} << MAX_FRAME_ORDER) return nullptr;
    auto run = allocate_frames(static_cast<unsigned>(std::bit_width(pages - 1)), FrameUse::kernel, Fill::none);
    return run ? (*run)->data() : nullptr;
}

}  // namespace

void* heap_allocate(size_t size) {
    if (size > MAX_SLOT) return allocate_run(size);
    return allocate_slot(class_of[(size + 15) / 16]);
}

void heap_free(void* pointer) {
    if (!pointer) return;
    Frame& frame = frame_at(arch::virt_to_phys(pointer));
    if (frame.use == FrameUse::slab)
        free_slot(frame, pointer);
    else
        frame.unref();
}

size_t heap_used_bytes() { return heap.lock()->used_bytes; }

}  // namespace kern
