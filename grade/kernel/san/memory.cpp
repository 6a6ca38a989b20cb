// make SAN=1: each load and store of the kernel's C++ code asks here first whether it may touch these bytes
// (-fsanitize=kernel-address). What was freed may not be touched, nor what lies behind an object in its slot.
//
//     kernel heap:   [ object of 40 bytes | 8 to spare | ..poisoned.. ]   slot of 64       one bit for 16 bytes
//     frames:        a bit each, set from free() until it is allocated again
//
// The linker puts the functions that begin with __wrap in front of those that give and take memory.
#include "base/panic.h"
#include "mm/frame.h"
#include "mm/slab.h"

namespace {

constexpr uint64_t COVERED = uint64_t{1} << 28, GRAIN = 16;  // the first 256 MiB of RAM

// So many things, a bit each; set by whoever owns the thing, read by whoever goes wrong.
template <size_t COUNT>
struct Bits {
    Atomic<uint32_t> words[COUNT / 32];

    bool get(size_t i) const { return words[i / 32].load() >> i % 32 & 1; }
    void set(size_t from, size_t to, bool value) {
        for (size_t i = from; i < to;) {
            bool is_whole = i % 32 == 0 && to - i >= 32;
            uint32_t mask = is_whole ? ~0u : 1u << i % 32;
            if (value) words[i / 32].fetch_or(mask);
            else words[i / 32].fetch_and(~mask);
            i += is_whole ? 32 : 1;
        }
    }
};

constexpr size_t SLOT_SIZES[16] = {16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1344, 2048};  // as in mm/slab.cpp

constinit bool is_reporting = false;
constinit Bits<COVERED / PAGE_SIZE> freed_frames{};
constinit Bits<COVERED / GRAIN> poisoned{};

uint64_t ram_offset(uint64_t address) {
    return address - reinterpret_cast<uint64_t>(arch::phys_to_virt(frame_records.first));
}

void note_frames(Frame& run, bool is_free) {
    uint64_t start = ram_offset(reinterpret_cast<uint64_t>(run.data())), end = start + (PAGE_SIZE << run.order);
    if (end > COVERED) return;
    freed_frames.set(start / PAGE_SIZE, end / PAGE_SIZE, is_free);
    if (!is_free) poisoned.set(start / GRAIN, end / GRAIN, false);
}

Result<Frame*> noted(Result<Frame*> made) {
    if (made) note_frames(**made, false);
    return made;
}

[[noreturn]] void report(uint64_t address, size_t size, const char* access, const char* what) {
    is_reporting = true;  // no more of this while the panic is told
    panic("KASAN: {} of {} bytes at {016x}, {}", access, size, address, what);
}

void check(uint64_t address, size_t size, const char* access) {
    uint64_t start = ram_offset(address);
    if (!frame_records.records || is_reporting || start >= COVERED || size == 0 || size > COVERED - start) return;
    for (uint64_t page = start / PAGE_SIZE; page <= (start + size - 1) / PAGE_SIZE; page++)
        if (freed_frames.get(page)) report(address, size, access, "in a frame that was freed");
    for (uint64_t grain = start / GRAIN; grain <= (start + size - 1) / GRAIN; grain++)
        if (poisoned.get(grain)) report(address, size, access, "in freed memory of the kernel heap, or behind an object");
}

// From `from` bytes into the object's slot to its end.
void poison_slot(void* object, size_t from, bool is_poisoned) {
    Frame& slab = frame_at(arch::virt_to_phys(object));
    uint64_t start = ram_offset(reinterpret_cast<uint64_t>(object));
    if (slab.use != FrameUse::slab || start >= COVERED) return;
    size_t size = SLOT_SIZES[slab.slot_class];
    if (from < size) poisoned.set((start + from) / GRAIN, (start + size) / GRAIN, is_poisoned);
}

}  // namespace

extern "C" {

void* __real__Z13heap_allocatem(size_t size);
void* __wrap__Z13heap_allocatem(size_t size) {
    void* object = __real__Z13heap_allocatem(size);
    if (!object) return nullptr;
    poison_slot(object, 0, false);
    poison_slot(object, align_up(std::max<size_t>(size, 1), GRAIN), true);
    return object;
}

void __real__Z9heap_freePv(void* object);
void __wrap__Z9heap_freePv(void* object) {
    if (object) check(reinterpret_cast<uint64_t>(object), 1, "free");
    if (object) poison_slot(object, 0, true);
    __real__Z9heap_freePv(object);
}

Result<Frame*> __real__Z14allocate_frame8FrameUse4Fillj(FrameUse use, Fill fill, unsigned order);
Result<Frame*> __wrap__Z14allocate_frame8FrameUse4Fillj(FrameUse use, Fill fill, unsigned order) {
    return noted(__real__Z14allocate_frame8FrameUse4Fillj(use, fill, order));
}

void __real__ZN5Frame4freeEv(Frame* frame);
void __wrap__ZN5Frame4freeEv(Frame* frame) {
    note_frames(*frame, true);
    __real__ZN5Frame4freeEv(frame);
}

#define CHECKS(size)                                                                    \
    void __asan_load##size##_noabort(uint64_t address) { check(address, size, "load"); } \
    void __asan_store##size##_noabort(uint64_t address) { check(address, size, "store"); }
CHECKS(1)
CHECKS(2)
CHECKS(4)
CHECKS(8)
CHECKS(16)
void __asan_loadN_noabort(uint64_t address, size_t size) { check(address, size, "load"); }
void __asan_storeN_noabort(uint64_t address, size_t size) { check(address, size, "store"); }
void __asan_handle_no_return() {}
}
