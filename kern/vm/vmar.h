// The address space of a process: an ordered set of mappings over one page table.
//
//     VMAR_LOWEST_ADDR                                                      VMAR_CAP_ADDR
//     |   text data bss  |pad| heap ->        <- mmap spaces |gap| <- stack |pad|
//
// Invariants, whenever the lock is free:
//   - mappings are page-aligned, not empty, do not overlap, and lie in [VMAR_LOWEST_ADDR, VMAR_CAP_ADDR);
//   - no two neighbours could be one mapping (can_merge);
//   - a page-table entry stands only inside a mapping, and never grants a right the mapping does not.
//
// A private page is writable in the page table only while its frame is this space's alone; the write fault after a fork
// finds out (fault.cpp). A page of a file mapped shared becomes writable by a write fault, which marks it dirty.
#pragma once

#include "mm/vm_space.h"
#include "vm/process_vm/process_vm.h"
#include "vm/vm_mapping.h"

inline constexpr size_t MAX_MAPPINGS = 65'530;  // Linux's vm.max_map_count

// Where a new mapping may go: MAP_FIXED, MAP_FIXED_NOREPLACE, a hint, and none of them, in mmap(2).
enum class Placement { fixed_replace, fixed_no_replace, hint, any };

struct MapRequest {
    uint64_t size = 0;                  // bytes, a multiple of PAGE_SIZE
    Perms perms = {};
    Perms may_perms = Perms::all();
    Placement placement = Placement::any;
    VirtAddr at = {};                   // for every placement but `any`; page-aligned
    uint64_t alignment = PAGE_SIZE;     // of an address found by search
    Sharing sharing = Sharing::private_;
    MappingKind kind = MappingKind::ordinary;
    bool grows_down = false;
    uint8_t marks = 0;
    Ref<Vmo> vmo = {};                  // null: anonymous
    uint64_t vmo_offset = 0;            // bytes, page-aligned
    Ref<BackingFile> file = {};
};

struct RemapRequest {
    VirtRange old_range;                // may be empty: a shared mapping is then mapped a second time
    uint64_t new_size = 0;              // bytes, a multiple of PAGE_SIZE, not 0
    bool may_move = false;              // MREMAP_MAYMOVE
    std::optional<VirtAddr> fixed = {}; // MREMAP_FIXED: where to
    bool dont_unmap = false;            // MREMAP_DONTUNMAP
};

// The last two are mlock(2) and munlock(2). (advise.cpp has a table in this order.)
enum class Advice { none, dont_need, dont_need_locked, free, dont_fork, do_fork, wipe_on_fork, keep_on_fork, lock, unlock };

// What became of a page fault. Everything but `resolved` is for the faulting thread to hear about: see sigaction(2).
enum class FaultOutcome {
    resolved,
    not_mapped,     // SIGSEGV, SEGV_MAPERR
    no_access,      // SIGSEGV, SEGV_ACCERR
    past_end,       // SIGBUS, BUS_ADRERR: a mapped page that lies past the end of its file
    out_of_memory,  // SIGKILL
};

class Vmar : public RefCounted<Vmar> {
public:
    // MAKING ONE

    // An empty space that will run `executable` (may be null). ENOMEM when no frame is left for the root table.
    static Result<Ref<Vmar>> create(Ref<BackingFile> executable, const Layout& layout, const VmLimits& limits);
    // A copy for fork(2): private pages shared copy-on-write, shared ones shared, heap and init stack copied under the
    // same locks. ENOMEM leaves this one as it was.
    Result<Ref<Vmar>> fork();

    Vmar(Ref<BackingFile> executable, const Layout& layout, const VmLimits& limits, FrameRef root);
    Vmar(const ProcessVm& parent, const Heap::State& heap, const VmLimits& limits, FrameRef root);
    ~Vmar();

    // CHANGING THE MAPPINGS, one file an operation

    // Returns the address chosen. EINVAL (size 0), EEXIST (fixed_no_replace), EPERM (below VMAR_LOWEST_ADDR), ENOMEM
    // (no gap, beyond the cap, limits).
    Result<VirtAddr> map(const MapRequest& request);
    // Removes what lies in `range`, splitting at its edges; holes are fine. Every hart has forgotten it on return.
    // ENOMEM when a split needs one mapping too many: nothing has changed then.
    Result<> unmap(VirtRange range);
    // ENOMEM at the first hole, EACCES beyond may_perms; what precedes it has changed, as mprotect(2) says.
    Result<> protect(VirtRange range, Perms perms);
    // mremap(2): EFAULT (not one mapping), EINVAL (overlap), ENOMEM (no room, limits).
    Result<VirtAddr> remap(const RemapRequest& request);
    // madvise(2). ENOMEM when the range has a hole (the advice was then given for the rest), EINVAL when it is not for this
    // kind of mapping.
    Result<> advise(VirtRange range, Advice advice);

    // ANSWERING THE HARDWARE

    // Makes an access of this kind at `address` possible, or says why it cannot be. May sleep for file pages, with no
    // lock held meanwhile.
    FaultOutcome handle_fault(VirtAddr address, Perms access);

    // LOOKING. The lock is held during a visit.

    template <typename Visitor>
    void for_each(Visitor visit) const { visit_all(*mappings_.read(), visit); }  // visit(const VmMapping&), ascending
    // The same for a panic report: without the lock.
    template <typename Visitor>
    void for_each_unlocked(Visitor visit) { visit_all(mappings_.unlocked(), visit); }
    size_t mapping_count() const { return mappings_.read()->set.size(); }
    uint64_t total_bytes() const { return mappings_.read()->total_bytes; }
    ResidentPages resident_pages() { return space_.lock()->resident(); }
    // A copy of what lies at the start of `range`, as far as it lies there. ENOMEM: nothing does, or there is no memory.
    Result<Own<VmMapping>> part_at(VirtRange range) const {
        auto mappings = mappings_.read();
        VmMapping* mapping = mappings->set.find(range.start);
        return mapping ? mapping->copy_of(mapping->range.intersection(range)) : fail(Errno::ENOMEM);
    }
    // How much of `range` is mapped.
    uint64_t mapped_bytes(VirtRange range) const { return mapped_bytes_in(*mappings_.read(), range); }
    // Whether nothing is mapped in `range`, and what grows down above it is not closer than the guard gap.
    bool has_room(VirtRange range) const { return has_room(*mappings_.read(), range); }

    // BYTES OF A SPACE THAT NEED NOT BE ACTIVE. Page by page, as if the program itself read or wrote; they return the
    // bytes copied before the first page that cannot be had.

    size_t read_bytes(VirtAddr from, std::span<std::byte> out);
    size_t write_bytes(VirtAddr to, std::span<const std::byte> bytes);

    ProcessVm& process_vm() { return process_vm_; }
    VmSpace& vm_space() { return space_; }
    VmLimits limits() const { return mappings_.read()->limits; }
    void set_limits(const VmLimits& limits) { mappings_.lock()->limits = limits; }

private:
    struct Mappings {
        VmLimits limits = {};
        IntervalSet<VmMapping> set{VMAR_LOWEST_ADDR};
        uint64_t total_bytes = 0;
        uint64_t data_bytes = 0;  // of the total, what RLIMIT_DATA counts

        // So many bytes of this mapping come; or go, when negative.
        void count(const VmMapping& mapping, uint64_t bytes) {
            total_bytes += bytes;
            data_bytes += mapping.is_data() ? bytes : 0;
        }
    };
    template <typename Visitor>
    static void visit_all(const Mappings& mappings, Visitor& visit) {
        for (const VmMapping* item = mappings.set.first(); item; item = mappings.set.after(*item)) visit(*item);
    }

    // Steps of the operations; the set's lock is held for writing.

    Result<VirtAddr> place(const Mappings& mappings, const MapRequest& request) const;
    std::optional<VirtAddr> find_free(const Mappings& mappings, uint64_t size, uint64_t alignment) const;
    static Result<> check_limits(const Mappings& mappings, const VmMapping& grown, uint64_t added_bytes);
    static Result<> check_count(const Mappings& mappings, size_t added);
    static uint64_t mapped_bytes_in(const Mappings& mappings, VirtRange range);
    static bool has_room(const Mappings& mappings, VirtRange range);
    Result<> split_at(Mappings& mappings, VirtAddr address);
    Result<> unmap_locked(Mappings& mappings, VirtRange range);
    void drop_pages(VirtRange range);
    void add_mapping(Mappings& mappings, Own<VmMapping> mapping);
    void remove_mapping(Mappings& mappings, VmMapping& mapping);
    void resize_mapping(Mappings& mappings, VmMapping& mapping, VirtRange range);
    static bool can_merge(const VmMapping& lower, const VmMapping& upper);
    void merge_range(Mappings& mappings, VirtRange range);
    void restrict_pages(VirtRange range, Perms perms);
    Result<VmMapping*> isolate(Mappings& mappings, VmMapping& mapping, VirtRange part);
    Result<> protect_one(Mappings& mappings, VmMapping& mapping, VirtRange part, Perms perms);
    bool grow_stack(VirtAddr address);
    Result<> advise_part(Mappings& mappings, VmMapping& mapping, VirtRange part, Advice advice);
    Result<> copy_mappings(const Mappings& mappings, Vmar& child);
    static Result<> share_pages(const VmMapping& mapping, PageTable& ours, PageTable& theirs, FlushBatch& batch);
    Result<VirtRange> new_place(const Mappings& mappings, const RemapRequest& request) const;
    bool extend_in_place(Mappings& mappings, VmMapping& mapping, const RemapRequest& request);
    Result<VirtAddr> move(Mappings& mappings, const VmMapping& mapping, const RemapRequest& request);
    Result<> move_pages(VirtRange from, VirtAddr to);

    // Steps of a fault; the set's lock is held for reading.

    FaultOutcome fault_in(const VmMapping& mapping, VirtAddr page, Perms access, bool& page_missing);
    FaultOutcome fault_anonymous(const VmMapping& mapping, VirtAddr page, Perms access);
    FaultOutcome fault_file(const VmMapping& mapping, VirtAddr page, Perms access, Frame& cached);
    void map_around(const VmMapping& mapping, VirtAddr page, const PageTree& pages);
    FaultOutcome fault_present(const VmMapping& mapping, VirtAddr page, Perms access, PageTable& table, Pte* slot);
    FaultOutcome copy_on_write(VirtAddr page, Perms perms, PageTable& table, Pte* slot);
    // The frame of a page after an access of this kind was made possible.
    std::optional<FrameRef> pin_page(VirtAddr page, Perms access);
    template <typename Copy>
    size_t for_each_page_part(VirtAddr at, size_t size, Perms access, Copy copy);

    ProcessVm process_vm_;
    VmSpace space_;
    Locked<Mappings, RwSpinLock> mappings_;
};
