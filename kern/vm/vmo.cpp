#include "vm/vmo.h"

#include <algorithm>
#include <cstring>

namespace kern {

std::optional<FrameRef> Vmo::cached_page(uint64_t index) {
    auto pages = pages_.lock();
    auto* entry = pages->tree.find(index);
    if (!entry || !entry->frame) return std::nullopt;
    return FrameRef::share(*entry->frame);
}

void Vmo::cached_pages(uint64_t first, std::span<FrameRef> out) {
    pages_.lock()->tree.for_each(first, first + out.size(), [&](uint64_t index, PageTree::Entry& entry) {
        out[index - first] = FrameRef::share(*entry.frame);
    });
}

Result<FrameRef> Vmo::page(uint64_t index) {
    if (auto cached = cached_page(index)) return *std::move(cached);
    return load_page(index);
}

// The source is read with no lock held, so another thread may have stored the page meanwhile: the first one wins.
Result<FrameRef> Vmo::load_page(uint64_t index) {
    FrameRef frame = TRY(FrameRef::allocate(FrameUse::file, source_ ? Fill::none : Fill::zero));
    if (source_)
        TRY(source_->read_page(index, {frame->data(), PAGE_SIZE}));
    auto pages = pages_.lock();
    if (index >= align_up(pages->size, PAGE_SIZE) >> PAGE_SHIFT) return fail(Errno::ENXIO);
    auto* entry = TRY(pages->tree.reach(index));
    if (!entry->frame)
        entry->frame = FrameRef::share(*frame).release();
    return FrameRef::share(*entry->frame);
}

void Vmo::mark_dirty(uint64_t index) {
    auto pages = pages_.lock();
    if (auto* entry = pages->tree.find(index))
        entry->dirty = true;
}

Result<> Vmo::write_back(uint64_t first, uint64_t last) {
    if (!source_) return {};
    for (;;) {
        uint64_t index = last;
        FrameRef frame;
        pages_.lock()->tree.for_each(first, last, [&](uint64_t at, PageTree::Entry& entry) {
            if (entry.dirty && !frame) {
                frame = FrameRef::share(*entry.frame);
                entry.dirty = false;  // before the write: a store during it makes the page dirty again
                index = at;
            }
        });
        if (!frame) return {};
        TRY(source_->write_page(index, {frame->data(), PAGE_SIZE}));
        first = index + 1;
    }
}

Result<size_t> Vmo::read(uint64_t offset, std::span<std::byte> out) {
    uint64_t size = this->size();
    if (offset >= size) return 0;
    size_t total = std::min<uint64_t>(out.size(), size - offset);
    for (size_t done = 0; done < total;) {
        uint64_t at = offset + done;
        size_t chunk = std::min<size_t>(total - done, PAGE_SIZE - at % PAGE_SIZE);
        auto frame = page(at >> PAGE_SHIFT);
        if (!frame) return done ? Result<size_t>(done) : fail(frame.error());
        memcpy(out.data() + done, (*frame)->data() + at % PAGE_SIZE, chunk);
        done += chunk;
    }
    return total;
}

Result<size_t> Vmo::write(uint64_t offset, std::span<const std::byte> bytes) {
    if (offset + bytes.size() < offset) return fail(Errno::EFBIG);
    uint64_t old_size = size();
    if (offset + bytes.size() > old_size)
        TRY(resize(offset + bytes.size()));
    size_t done = 0;
    while (done < bytes.size()) {
        uint64_t at = offset + done;
        size_t chunk = std::min<size_t>(bytes.size() - done, PAGE_SIZE - at % PAGE_SIZE);
        auto frame = page(at >> PAGE_SHIFT);
        if (!frame) {
            TRY(resize(std::max(old_size, at)));
            return done ? Result<size_t>(done) : fail(frame.error());
        }
        memcpy((*frame)->data() + at % PAGE_SIZE, bytes.data() + done, chunk);
        mark_dirty(at >> PAGE_SHIFT);
        done += chunk;
    }
    return done;
}

Result<> Vmo::resize(uint64_t size) {
    auto pages = pages_.lock();
    uint64_t first_gone = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
    if (size < pages->size) {
        pages->tree.for_each(first_gone, UINT64_MAX, [](uint64_t, PageTree::Entry& entry) {
            FrameRef::adopt(entry.frame);
            entry = {};
        });
        auto* last = pages->tree.find(size >> PAGE_SHIFT);
        if (last && last->frame)
            memset(last->frame->data() + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
    }
    pages->size = size;
    return {};
}

Vmo::~Vmo() {
    pages_.unlocked().tree.for_each(0, UINT64_MAX, [](uint64_t, PageTree::Entry& entry) { FrameRef::adopt(entry.frame); });
}

}  // namespace kern
