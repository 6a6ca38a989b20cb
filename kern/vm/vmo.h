// A virtual memory object: a resizable, lazily filled run of pages that several mappings can share. It is a file's page
// cache (with a PageSource, or without one for a file that lives in memory alone) or shared anonymous memory.
//
//     PageSource <--read_page, write_page-- Vmo: [page 0][page 1*][      ][page 3]      * dirty: other than the source
//       (a file on a disk)                         ^        ^
//                                        mappings: +--------+-- VmMapping --> page tables
//
// A Vmo knows who maps it: a page that is cut off leaves every page table, and one that is about to be written back
// loses the right W in all of them, so that the next store is a fault, which makes it dirty again.
//
// Invariants: every cached frame has FrameUse::file and one reference of the Vmo's own; no page at or past the size
// rounded up to a page is cached; bytes of the last page past the size are zero, but for what a program stores there
// through a mapping; a page of a shared mapping that is writable in a page table is dirty.
#pragma once

#include "vm/page_source.h"
#include "vm/page_tree.h"

struct VmMapping;

class Vmo : public RefCounted<Vmo>, public ListNode<Vmo> {
public:
    // `source` (may be null: new pages are zero) must outlive the Vmo.
    Vmo(PageSource* source, uint64_t size);
    static Result<Ref<Vmo>> create(uint64_t size, PageSource* source = nullptr) { return make_ref<Vmo>(source, size); }
    ~Vmo();

    uint64_t size() { return pages_.lock()->size; }
    bool has_source() const { return source_; }

    // PAGES

    // The frame of page `index` if it is cached; never sleeps.
    std::optional<FrameRef> cached_page(uint64_t index);
    // The frame of page `index`, read from the source or made of zeroes if need be; may sleep. ENXIO past the end of
    // the object (a mapping gives SIGBUS there), ENOMEM, EIO; ENOSPC: there was no memory without writing back.
    Result<FrameRef> page(uint64_t index);
    // Page `index` was or is about to be written, by who holds its frame until that is done.
    void mark_dirty(uint64_t index);
    // A frame in use that nobody refers to becomes page `index`, which was not there. ENOMEM.
    Result<> adopt(uint64_t index, Frame& frame);
    // Page `index` goes, dirty or not. Nobody holds it.
    void discard(uint64_t index);
    bool is_clean();
    // Writes the dirty pages among [first, last) back, all that can be. EIO, ENOSPC: of one that could not; it is
    // clean now.
    Result<> write_back(uint64_t first, uint64_t last);

    // BYTES, as read(2) and write(2) see them; counts may fall short at the end (read) or for want of memory (write).

    Result<size_t> read(uint64_t offset, std::span<std::byte> out);
    // Grows the object where the bytes reach past its end. ENOMEM if none could be written.
    Result<size_t> write(uint64_t offset, std::span<const std::byte> bytes);
    // Cuts off pages past the new end, in every page table, too, or extends it with zeroes.
    Result<> resize(uint64_t size);

    // FOR MAPPINGS. Lock order: a space's mappings, the pages of a Vmo, page tables.

    struct Pages {
        PageTree tree;
        uint64_t size = 0;  // bytes
        List<VmMapping, VmMapping> mappings = {};
        uint64_t losses = 0;    // how often a page went that the source holds otherwise, or not at all
        uint64_t next_drop = 0; // where reclaim() goes on
    };
    // While it is held pages neither come nor go, and none gets clean.
    Locked<Pages>::Guard lock_pages() { return pages_.lock(); }
    void set_dirty(PageTree::Entry& entry);  // with lock_pages()
    // A mapping is known here as long as it lies in its space; its range and offset change with lock_pages() held.
    void add(VmMapping& mapping);
    void remove(VmMapping& mapping);

    // MEMORY

    // Drops some clean pages of any Vmo that nobody uses just now. False: there are none. With any locks held.
    static bool reclaim();
    // Dirty pages of all Vmos with a source: who makes them waits for them to be written when they are many.
    static size_t dirty_pages();
    static size_t dirty_limit() { return total_frame_count() / 8; }

private:
    template <typename Copy>
    Result<size_t> for_each_page_part(uint64_t offset, size_t size, Copy copy);
    Result<FrameRef> load_page(uint64_t index);
    FrameRef take_dirty(uint64_t& index, uint64_t last);
    void drop(Pages& pages, PageTree::Entry& entry);
    size_t drop_clean(size_t most);

    PageSource* source_;
    Locked<Pages> pages_{LockRank::vmo};
};
