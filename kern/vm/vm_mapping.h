// One run of pages with the same rights and the same backing: what one line of /proc/<pid>/maps shows.
#pragma once

#include "vm/interval_set.h"
#include "vm/vmo.h"

// MAP_PRIVATE or MAP_SHARED of mmap(2).
enum class Sharing : uint8_t { private_, shared };

// What the kernel mapped for a purpose of its own; mappings of different kinds never merge.
enum class MappingKind : uint8_t { ordinary, stack, vdso, vvar };

// Wishes of madvise(2) and mlock(2); mappings with different ones never merge.
namespace mark {
inline constexpr uint8_t LOCKED = 1;        // its pages were touched, and cannot be given up by advice
inline constexpr uint8_t DONT_FORK = 2;     // a child does not get it
inline constexpr uint8_t WIPE_ON_FORK = 4;  // a child gets it empty
}  // namespace mark

class VmSpace;

struct VmMapping : IntervalNode, ListNode<VmMapping> {
    Perms perms;
    Perms may_perms = Perms::all();  // what protect() may ever grant
    Sharing sharing = Sharing::private_;
    MappingKind kind = MappingKind::ordinary;
    bool grows_down = false;         // extended by a fault just below it
    uint8_t marks = 0;
    Ref<Vmo> vmo;                    // null: anonymous memory
    uint64_t vmo_offset = 0;         // of range.start in the Vmo; bytes, page-aligned
    Ref<BackingFile> file;           // the open file, kept alive; null for memory without one
    VmSpace* space = nullptr;        // whose tables show it, once it lies in its set

    ~VmMapping() {
        if (vmo && space) vmo->remove(*this);
    }
    bool is_anonymous() const { return !vmo; }
    bool is_private() const { return sharing == Sharing::private_; }
    // What RLIMIT_DATA counts: private memory that can be written, but for stacks. With other rights:
    bool is_data(Perms rights) const { return is_private() && rights.has(Perms::W) && !grows_down; }
    bool is_data() const { return is_data(perms); }
    // The number, in the Vmo, of the page at `address`.
    uint64_t vmo_page(VirtAddr address) const { return (vmo_offset + (address - range.start)) >> PAGE_SHIFT; }
    // Where it shows the Vmo's pages [first, last); may be empty.
    VirtRange showing(uint64_t first, uint64_t last) const {
        auto address = [&](uint64_t page) {
            uint64_t low = vmo_page(range.start);
            return range.start + (std::clamp(page, low, low + range.pages()) - low) * PAGE_SIZE;
        };
        return {address(first), address(last)};
    }

    // A mapping of `part`, which lies inside this one, with its backing offset carried along. ENOMEM.
    Result<Own<VmMapping>> copy_of(VirtRange part) const {
        auto copy = TRY(make_own<VmMapping>(*this));  // its place in a set is only known when it is put there
        copy->vmo_offset += vmo ? part.start - range.start : 0;
        copy->range = part;
        return copy;
    }
};
