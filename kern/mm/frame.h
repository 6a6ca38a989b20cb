// Physical memory, one 4 KiB frame at a time or in runs of 2^order frames (a buddy allocator).
//
// Each frame of RAM has a Frame record. A frame in use has a count of its references: page-table entries, the Vmo that
// caches it, whoever allocated it. The last unref() frees it. In debug builds a freed frame is filled with JUNK_FREED,
// a new one (that need not be zero) with JUNK_NEW: who uses it after it is gone, or before it is written, notices.
#pragma once

// What a frame is used for; the page table counts a process's resident pages by it.
enum class FrameUse : uint8_t { free, kernel, slab, page_table, anon, file, zero_page };

inline constexpr unsigned MAX_FRAME_ORDER = 11;  // runs of up to 8 MiB

struct Frame : ListNode<Frame> {
    Atomic<uint32_t> refs;
    FrameUse use = FrameUse::free;
    uint8_t order : 4 = 0;       // of the run this frame begins
    uint8_t slot_class : 4 = 0;  // slab: which size of slot
    uint16_t live = 0;           // page_table: entries that are not empty; slab: slots in use
    void* free_slots = nullptr;  // slab: the first free slot

    PhysAddr address() const;
    std::byte* data() const;
    void ref() { refs.fetch_add(1); }
    // Drops a reference; the last one frees the whole run.
    void unref() {
        uint32_t before = refs.fetch_sub(1);
        DEBUG_ASSERT(before > 0);
        if (before == 1) free();
    }
    bool is_shared() const { return refs.load_acquire() > 1; }

private:
    void free();
};
static_assert(sizeof(Frame) == 32);

enum class Fill { zero, none };

// MAKING THE ALLOCATOR (once, at boot)

// Hands over RAM [start, end) but for a hole in it, which stays as it is: the first part is taken for the Frame records.
void add_memory(PhysAddr start, PhysAddr end, PhysAddr hole_start, PhysAddr hole_end);
// Hands over whole frames that were left out.
void free_memory(PhysAddr start, PhysAddr end);
// The fewest bytes that a call of add_memory can use; less is ignored.
inline constexpr size_t MIN_MEMORY = 64 * PAGE_SIZE;

// USING IT. Errors: ENOMEM. Any context but an interrupt handler.

// One frame with one reference, or 2^order of them in one run, of which only the first record is used.
Result<Frame*> allocate_frame(FrameUse use, Fill fill = Fill::zero, unsigned order = 0);

// Called when no frame is free, by whoever needs one, with whatever locks that holds: gives back what can be had again, and
// says whether there was any.
using Reclaimer = bool (*)();
extern Reclaimer reclaim_frames;
// Asked before each allocation, of frames or of the kernel heap, whether it is to fail. Set by tests: boot argument `failnth`.
extern bool (*allocation_fails)();

bool is_ram(PhysAddr address);

// records[n] describes the frame at first + n * PAGE_SIZE. Here because every entry of a page table is looked up in it.
struct FrameRecords {
    Frame* records;
    PhysAddr first;
};
extern FrameRecords frame_records;

// The record of the frame that contains `address`, which must be RAM handed over by add_memory.
inline Frame& frame_at(PhysAddr address) {
    DEBUG_ASSERT(is_ram(address));
    return frame_records.records[(address - frame_records.first) >> PAGE_SHIFT];
}
inline PhysAddr Frame::address() const {
    return frame_records.first + static_cast<size_t>(this - frame_records.records) * PAGE_SIZE;
}
inline std::byte* Frame::data() const { return arch::phys_to_virt(address()); }

size_t free_frame_count();
size_t total_frame_count();

// The one frame of zeroes that every anonymous read fault maps. Never written, never freed.
Frame& zero_frame();

// One reference to a frame, dropped at the end of its scope.
class FrameRef : public Ref<Frame> {
public:
    FrameRef(Ref<Frame> ref = nullptr) : Ref<Frame>(std::move(ref)) {}
    static FrameRef share(Frame& frame) { return Ref<Frame>::share(&frame); }
    static Result<FrameRef> allocate(FrameUse use, Fill fill = Fill::zero) { return adopt(TRY(allocate_frame(use, fill))); }
};
