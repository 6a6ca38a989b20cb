#include "vm/vmo.h"

#include "mm/vm_space.h"
#include "vm/vm_mapping.h"

// Those with a source; the one that has just given pages is last.
static constinit Locked<List<Vmo, Vmo>> caches{LockRank::page_caches};
static constinit Atomic<size_t> dirty_count;

static uint64_t pages_in(uint64_t size) { return align_up(size, PAGE_SIZE) >> PAGE_SHIFT; }

Vmo::Vmo(PageSource* source, uint64_t size) : source_(source) {
    pages_.unlocked().size = size;
    if (source) caches.lock()->push_back(*this);
}

Vmo::~Vmo() {
    if (auto list = caches.lock(); source_) unlink();
    Pages& pages = pages_.unlocked();
    pages.tree.for_each(0, UINT64_MAX, [&](uint64_t, PageTree::Entry& entry) { drop(pages, entry); });
}

// PAGES

std::optional<FrameRef> Vmo::cached_page(uint64_t index) {
    auto pages = pages_.lock();
    auto* entry = pages->tree.find(index);
    return entry ? std::optional(FrameRef::share(*entry->frame)) : std::nullopt;
}

Result<FrameRef> Vmo::page(uint64_t index) {
    if (auto cached = cached_page(index)) return *std::move(cached);
    if (source_ && dirty_pages() > dirty_limit()) TRY(write_back(0, UINT64_MAX));
    while (source_ && free_frame_count() < total_frame_count() / 16 && reclaim()) {}
    return load_page(index);
}

// The source is read with no lock held, so another thread may have stored the page meanwhile: the first one wins. And
// what was read is out of date if a page went meanwhile that had been written.
Result<FrameRef> Vmo::load_page(uint64_t index) {
    for (;;) {
        FrameRef frame = TRY(FrameRef::allocate(FrameUse::file, source_ ? Fill::none : Fill::zero));
        uint64_t losses = pages_.lock()->losses;
        if (source_) TRY(source_->read_page(index, {frame->data(), PAGE_SIZE}));
        auto pages = pages_.lock();
        if (index >= pages_in(pages->size)) return fail(Errno::ENXIO);
        auto* entry = TRY(pages->tree.reach(index));
        if (!entry->frame && pages->losses != losses) continue;
        if (!entry->frame) entry->frame = FrameRef::share(*frame).release();
        return FrameRef::share(*entry->frame);
    }
}

void Vmo::drop(Pages& pages, PageTree::Entry& entry) {
    pages.losses += entry.was_dirty;
    dirty_count.fetch_sub(entry.dirty);
    FrameRef::adopt(entry.frame);
    entry = {};
}

// WRITING BACK

void Vmo::set_dirty(PageTree::Entry& entry) {
    if (!source_ || entry.dirty) return;
    entry.dirty = entry.was_dirty = true;
    dirty_count.fetch_add(1);
}

void Vmo::mark_dirty(uint64_t index) {
    auto pages = pages_.lock();
    if (auto* entry = pages->tree.find(index)) set_dirty(*entry);
}

Result<> Vmo::adopt(uint64_t index, Frame& frame) {
    TRY(pages_.lock()->tree.reach(index))->frame = &frame;
    frame.use = FrameUse::file;
    frame.ref();
    return {};
}

void Vmo::discard(uint64_t index) {
    auto pages = pages_.lock();
    if (auto* entry = pages->tree.find(index)) drop(*pages, *entry);
}

bool Vmo::is_clean() {
    uint64_t index = 0;
    return !pages_.lock()->tree.find_if(index, UINT64_MAX, [](uint64_t, PageTree::Entry& item) { return item.dirty; });
}

size_t Vmo::dirty_pages() { return dirty_count.load(); }

// The next dirty page in [index, last); `index` becomes its own. It is clean from here on, and stores to it are
// faults. But when someone holds the frame whom we do not know - a write(2) under way, a mapping that is just being
// moved - he may store to it yet: it stays dirty, and is written again another time.
FrameRef Vmo::take_dirty(uint64_t& index, uint64_t last) {
    auto pages = pages_.lock();
    auto* entry = pages->tree.find_if(index, last, [](uint64_t, PageTree::Entry& item) { return item.dirty; });
    if (!entry) return {};
    FrameRef frame = FrameRef::share(*entry->frame);
    uint32_t known = 2;  // the Vmo and we
    for (VmMapping& mapping : pages->mappings) {
        VirtRange page = mapping.showing(index, index + 1);
        FlushBatch batch(*mapping.space);
        auto table = mapping.space->lock();
        table->for_each(page, [&](VirtAddr at, Pte& slot) {
            known += slot.frame() == frame->address();
            if (slot.frame() != frame->address() || !slot.has(Pte::W)) return;
            slot = slot.without(Pte::W);
            batch.note(at);
        });
    }
    entry->dirty = frame->refs.load_acquire() > known;
    dirty_count.fetch_sub(!entry->dirty);
    if (index == pages->size >> PAGE_SHIFT)
        memset(frame->data() + pages->size % PAGE_SIZE, 0, PAGE_SIZE - pages->size % PAGE_SIZE);
    return frame;
}

Result<> Vmo::write_back(uint64_t first, uint64_t last) {
    Result<> result;
    for (uint64_t index = first; source_; index++) {
        FrameRef frame = take_dirty(index, last);
        if (!frame) break;
        if (auto written = source_->write_page(index, {frame->data(), PAGE_SIZE}); !written) result = written;
    }
    return result;
}

// MEMORY

size_t Vmo::drop_clean(size_t most) {
    auto pages = pages_.try_lock();
    if (!pages) return 0;
    uint64_t& at = pages->next_drop;
    size_t dropped = 0;
    while (dropped < most) {
        auto* entry = pages->tree.find_if(at, UINT64_MAX, [](uint64_t, PageTree::Entry& item) {
            return !item.dirty && !item.frame->is_shared();
        });
        if (!entry && std::exchange(at, 0) == 0) break;
        if (!entry) continue;  // around once more
        drop(*pages, *entry);
        dropped++;
    }
    return dropped;
}

bool Vmo::reclaim() {
    constexpr size_t ENOUGH = 64;
    auto list = caches.lock();
    Vmo* first = list->front();
    for (Vmo* vmo = first; vmo;) {
        vmo->unlink();
        list->push_back(*vmo);
        if (vmo->drop_clean(ENOUGH)) return true;
        vmo = list->front() == first ? nullptr : list->front();
    }
    return false;
}

// MAPPINGS

void Vmo::add(VmMapping& mapping) { pages_.lock()->mappings.push_back(mapping); }

void Vmo::remove(VmMapping& mapping) {
    auto pages = pages_.lock();
    static_cast<ListNode<VmMapping>&>(mapping).unlink();
}

// BYTES

// Calls copy(the page's bytes, offset in the whole) for each page's part of [offset, offset + size). Returns the bytes done.
template <typename Copy>
Result<size_t> Vmo::for_each_page_part(uint64_t offset, size_t size, Copy copy) {
    for (size_t done = 0, part; done < size; done += part) {
        uint64_t at = offset + done;
        part = std::min<size_t>(size - done, PAGE_SIZE - at % PAGE_SIZE);
        auto frame = page(at >> PAGE_SHIFT);
        if (!frame) return done ? Result<size_t>(done) : fail(frame.error());
        copy(std::span((*frame)->data() + at % PAGE_SIZE, part), done);
    }
    return size;
}

Result<size_t> Vmo::read(uint64_t offset, std::span<std::byte> out) {
    uint64_t size = this->size();
    if (offset >= size) return 0;
    return for_each_page_part(offset, std::min<uint64_t>(out.size(), size - offset), [&](std::span<std::byte> part, size_t done) {
        memcpy(out.data() + done, part.data(), part.size());
    });
}

Result<size_t> Vmo::write(uint64_t offset, std::span<const std::byte> bytes) {
    if (offset + bytes.size() < offset) return fail(Errno::EFBIG);
    uint64_t old_size = size();
    if (offset + bytes.size() > old_size) TRY(resize(offset + bytes.size()));
    auto written = for_each_page_part(offset, bytes.size(), [&](std::span<std::byte> part, size_t done) {
        memcpy(part.data(), bytes.data() + done, part.size());
        mark_dirty((offset + done) >> PAGE_SHIFT);
    });
    if (written.value_or(0) < bytes.size()) TRY(resize(std::max(old_size, offset + written.value_or(0))));
    return written;
}

Result<> Vmo::resize(uint64_t size) {
    auto pages = pages_.lock();
    bool shrinks = size < std::exchange(pages->size, size);
    if (!shrinks) return {};
    uint64_t first_gone = pages_in(size);
    pages->losses++;
    pages->tree.for_each(first_gone, UINT64_MAX, [&](uint64_t, PageTree::Entry& entry) { drop(*pages, entry); });
    for (VmMapping& mapping : pages->mappings) {
        FlushBatch batch(*mapping.space);
        auto table = mapping.space->lock();
        table->for_each(mapping.showing(first_gone, UINT64_MAX),
                        [&](VirtAddr page, Pte& slot) { batch.retire(page, table->clear(&slot)); });
    }
    if (auto* last = pages->tree.find(size >> PAGE_SHIFT))
        memset(last->frame->data() + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
    return {};
}
