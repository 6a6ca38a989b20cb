// The buddy allocator. A run of 2^k frames starts at a multiple of 2^k; its buddy is the other half of the run of
// 2^(k+1) that both are part of, so their frame numbers differ in bit k alone:
//
//     order 2:  [ 8 . . . . . . 11 ]
//     order 1:  [ 8 . . 9 ][10 . . 11]       buddy of 8 is 8 ^ 2 = 10
//     order 0:  [ 8 ][ 9 ][10 ][11 ]         buddy of 8 is 8 ^ 1 = 9
//
// Allocation splits the smallest run that is large enough; freeing joins a run with its buddy as long as that is free.
#include "mm/frame.h"

constinit FrameRecords frame_records{};
constinit Reclaimer reclaim_frames = nullptr;
bool (*allocation_fails)() = nullptr;

constexpr uint8_t JUNK_FREED = 0xdb, JUNK_NEW = 0xcd;

struct Buddies {
    List<Frame, Frame> free_runs[MAX_FRAME_ORDER + 1];
    size_t free_frames = 0;
};

static Locked<Buddies> buddies{LockRank::frames};
static constinit Frame*& records = frame_records.records;
static constinit PhysAddr& first = frame_records.first;
static size_t record_count;
static Frame* zeroes;

static void put_run(Buddies& all, Frame& frame, unsigned order) {
    frame.use = FrameUse::free;
    frame.order = order & 0xf;
    all.free_runs[order].push_front(frame);
}

// The free run of exactly this order that is the other half of `frame`'s next larger run; null if it is not whole.
static Frame* free_buddy(Frame& frame, unsigned order) {
    size_t index = static_cast<size_t>(&frame - records) ^ size_t{1} << order;
    if (index >= record_count || order == MAX_FRAME_ORDER) return nullptr;
    Frame& buddy = records[index];
    return buddy.use == FrameUse::free && buddy.is_linked() && buddy.order == order ? &buddy : nullptr;
}

static void free_run(Frame& run, unsigned order) {
    auto all = buddies.lock();
    all->free_frames += size_t{1} << order;
    run.use = FrameUse::free;  // also when it is the upper half of what is put back
    Frame* frame = &run;
    for (; Frame* buddy = free_buddy(*frame, order); order++) {
        buddy->unlink();
        frame = std::min(frame, buddy);
    }
    put_run(*all, *frame, order);
}

static Frame* take_run(Buddies& all, unsigned order, FrameUse use) {
    unsigned found = order;
    while (found <= MAX_FRAME_ORDER && all.free_runs[found].empty()) found++;
    if (found > MAX_FRAME_ORDER) return nullptr;
    Frame* run = all.free_runs[found].pop_front();
    while (found-- > order) put_run(all, run[size_t{1} << found], found);  // the upper half goes back
    all.free_frames -= size_t{1} << order;
    run->use = use;  // before the lock goes: a neighbour that is freed looks at it
    run->order = order & 0xf;
    return run;
}

void add_memory(PhysAddr start, PhysAddr end, PhysAddr hole_start, PhysAddr hole_end) {
    ASSERT(!records);
    start = start.page_up();
    end = end.page_down();
    if (end < start + MIN_MEMORY) return;
    first = PhysAddr(align_down(start.value, PAGE_SIZE << MAX_FRAME_ORDER));  // so that buddies pair by index
    record_count = (end - first) / PAGE_SIZE;
    records = reinterpret_cast<Frame*>(arch::phys_to_virt(start));
    for (size_t i = 0; i < record_count; i++) {
        new (&records[i]) Frame();
        records[i].use = FrameUse::kernel;  // until it is freed below; what lies before `start` and in the hole stays so
    }
    start += align_up(record_count * sizeof(Frame), PAGE_SIZE);
    free_memory(start, std::max(start, hole_start.page_down()));
    free_memory(std::max(start, hole_end.page_up()), end);
    zeroes = *allocate_frame(FrameUse::zero_page);
}

void free_memory(PhysAddr start, PhysAddr end) {
    size_t last = (end - first) / PAGE_SIZE;
    unsigned order;
    for (size_t i = (start - first) / PAGE_SIZE; i < last; i += size_t{1} << order) {
        order = std::min<unsigned>(std::countr_zero(i), std::bit_width(last - i) - 1);
        free_run(records[i], order = std::min(order, MAX_FRAME_ORDER));
    }
}

Result<Frame*> allocate_frame(FrameUse use, Fill fill, unsigned order) {
    if (order > MAX_FRAME_ORDER || (allocation_fails && allocation_fails())) return fail(Errno::ENOMEM);
    Frame* run;
    do
        run = take_run(*buddies.lock(), order, use);
    while (!run && reclaim_frames && reclaim_frames());
    if (!run) return fail(Errno::ENOMEM);
    run->refs.store(1);
    run->live = 0;
    if (fill == Fill::zero || DEBUG_BUILD) memset(run->data(), fill == Fill::zero ? 0 : JUNK_NEW, PAGE_SIZE << order);
    return run;
}

void Frame::free() {
    if constexpr (DEBUG_BUILD) memset(data(), JUNK_FREED, PAGE_SIZE << order);
    free_run(*this, order);
}

bool is_ram(PhysAddr address) { return address >= first && (address - first) / PAGE_SIZE < record_count; }

size_t free_frame_count() { return buddies.lock()->free_frames; }
size_t total_frame_count() { return record_count; }
Frame& zero_frame() { return *zeroes; }
