// A virtual memory object: a resizable, lazily filled run of pages that several mappings can share. It is a file's page
// cache (with a PageSource, or without one for a file that lives in memory alone) or shared anonymous memory.
//
// Invariants: every cached frame has FrameUse::file and one reference of the Vmo's own; no page at or past the size
// rounded up to a page is cached; bytes of the last page past the size are zero.
#pragma once

#include <optional>
#include <span>

#include "base/locked.h"
#include "base/own.h"
#include "mm/frame.h"
#include "vm/page_source.h"
#include "vm/page_tree.h"

namespace kern {

class Vmo : public RefCounted<Vmo> {
public:
    // `source` (may be null: new pages are zero) must outlive the Vmo.
    Vmo(PageSource* source, uint64_t size) : source_(source), pages_(LockRank::vmo) { pages_.unlocked().size = size; }
    static Result<Ref<Vmo>> create(uint64_t size, PageSource* source = nullptr) { return make_ref<Vmo>(source, size); }

    ~Vmo();

    uint64_t size() { return pages_.lock()->size; }
    bool has_source() const { return source_; }

    // PAGES

    // The frame of page `index` if it is cached; never sleeps.
    std::optional<FrameRef> cached_page(uint64_t index);
    // The cached frames of the pages from `first` on, as many as `out` has room for; the others stay empty. Never sleeps.
    void cached_pages(uint64_t first, std::span<FrameRef> out);
    // The frame of page `index`, read from the source or made of zeroes if need be; may sleep. ENXIO past the end of
    // the object (a mapping gives SIGBUS there), ENOMEM, EIO.
    Result<FrameRef> page(uint64_t index);
    // Page `index` was or is about to be written.
    void mark_dirty(uint64_t index);
    // Writes the dirty pages among [first, last) back. EIO, ENOSPC.
    Result<> write_back(uint64_t first, uint64_t last);

    // BYTES, as read(2) and write(2) see them; counts may fall short at the end (read) or for want of memory (write).

    Result<size_t> read(uint64_t offset, std::span<std::byte> out);
    // Grows the object where the bytes reach past its end. ENOMEM if none could be written.
    Result<size_t> write(uint64_t offset, std::span<const std::byte> bytes);
    // Cuts off pages past the new end, or extends it with zeroes. Mappings of the lost pages are the caller's business.
    Result<> resize(uint64_t size);

private:
    struct Pages {
        PageTree tree;
        uint64_t size = 0;  // bytes
    };

    Result<FrameRef> load_page(uint64_t index);

    PageSource* source_;
    Locked<Pages> pages_;
};

}  // namespace kern
