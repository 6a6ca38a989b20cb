// System calls on the address space. Each checks its arguments in Linux's order, whatever the length: see mmap(2) and
// the other pages.
#include "syscall/arguments.h"

constexpr uint64_t PROT_BITS = 7, PROT_SEM = 8;
constexpr uint64_t MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_TYPE = 0xf, MAP_FIXED = 0x10,
                   MAP_ANONYMOUS = 0x20, MAP_GROWSDOWN = 0x100, MAP_LOCKED = 0x2000, MAP_POPULATE = 0x8000,
                   MAP_HUGETLB = 0x40000, MAP_FIXED_NOREPLACE = 0x100000;
// What MAP_SHARED_VALIDATE knows: these, and MAP_DENYWRITE, EXECUTABLE, NORESERVE, NONBLOCK, STACK, which change nothing.
constexpr uint64_t MAP_KNOWN = 0x17'f93f;
constexpr uint64_t USER_END = VMAR_CAP_ADDR.value;

static Perms perms_of(uint64_t prot) { return Perms(static_cast<unsigned>(prot & PROT_BITS)); }

static Vmar& vmar() { return current_user_thread().vmar(); }

// [start, start + length), in whole pages; `error` when it does not end in the user half.
static Result<VirtRange> user_range(VirtAddr start, uint64_t length, Errno error) {
    if (start.value > USER_END || length > USER_END - start.value) return fail(error);
    return VirtRange{start, (start + length).page_up()};
}

// The same for calls that go from mapping to mapping up to the first hole: what lies beyond the user half is one. EINVAL when
// it does not begin with a page; `wraps` when its end cannot be said.
static Result<VirtRange> page_range(VirtAddr start, uint64_t length, Errno wraps) {
    uint64_t size = align_up(length, PAGE_SIZE);
    if (!start.is_page_aligned()) return fail(Errno::EINVAL);
    return size < length || start + size < start ? Result<VirtRange>(fail(wraps)) : VirtRange::sized(start, size);
}

// WHAT IS THERE

// Calls act(const VmMapping&) for each mapping in the range, or what of it lies there, with no lock held. ENOMEM at the
// first hole.
template <typename Act>
static Result<> for_each_part(VirtRange range, Act act) {
    while (!range.empty()) {
        Own<VmMapping> part = TRY(vmar().part_at(range));
        TRY(act(*part));
        range.start = part->range.end;
    }
    return {};
}

// Makes the pages ready for an access of this kind. ENOMEM, EFAULT.
static Result<> touch(VirtRange range, Perms access) {
    for (VirtAddr page = range.start; page < range.end; page += PAGE_SIZE) {
        FaultOutcome outcome = vmar().handle_fault(page, access);
        if (outcome == FaultOutcome::out_of_memory) return fail(Errno::ENOMEM);
        if (outcome != FaultOutcome::resolved) return fail(Errno::EFAULT);
    }
    return {};
}

// As MAP_POPULATE and mlock(2) have it: private memory that can be written gets pages of its own.
static Result<> populate(VirtRange range) {
    return for_each_part(range, [](const VmMapping& part) -> Result<> {
        if (part.perms == Perms::none()) return fail(Errno::EFAULT);
        bool writes = part.perms.has(Perms::W) && part.is_private();
        return touch(part.range, writes ? Perms(Perms::W) : part.perms.without(Perms::W));
    });
}

// MAPPING

static Result<Sharing> sharing_of(uint64_t flags) {
    uint64_t type = flags & MAP_TYPE;
    if (type == MAP_PRIVATE || type == MAP_SHARED) return type == MAP_PRIVATE ? Sharing::private_ : Sharing::shared;
    if (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)) return fail(Errno::EINVAL);
    return flags & ~MAP_KNOWN ? Result<Sharing>(fail(Errno::EOPNOTSUPP)) : Sharing::shared;
}

static Result<> set_placement(MapRequest& request, VirtAddr at, uint64_t flags) {
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        request.placement = flags & MAP_FIXED_NOREPLACE ? Placement::fixed_no_replace : Placement::fixed_replace;
        request.at = at;
        if (!at.is_page_aligned()) return fail(Errno::EINVAL);
        if (at < VMAR_LOWEST_ADDR) return fail(Errno::EPERM);
        return at.value > USER_END || request.size > USER_END - at.value ? fail(Errno::ENOMEM) : Result<>();
    }
    request.at = at.page_down();
    request.placement = request.at.value ? Placement::hint : Placement::any;
    return {};
}

// Backs a request by an open file: EBADF, ENODEV, EACCES, EOVERFLOW.
static Result<> set_file(MapRequest& request, int fd, uint64_t offset) {
    Ref<File> file = TRY(current_process().files.table.get(fd));
    if (!file->can_read() && !file->can_write()) return fail(Errno::EBADF);
    request.vmo = file->vmo();
    if (!request.vmo) return fail(Errno::ENODEV);
    if (!file->can_read()) return fail(Errno::EACCES);
    if (request.sharing == Sharing::shared && !file->can_write()) {
        if (request.perms.has(Perms::W)) return fail(Errno::EACCES);
        request.may_perms = Perms::all().without(Perms::W);
    }
    request.vmo_offset = offset;
    request.file = std::move(file);
    return offset + request.size > INT64_MAX ? fail(Errno::EOVERFLOW) : Result<>();  // the largest file ends before
}

static Result<> set_backing(MapRequest& request, uint64_t flags, int fd, uint64_t offset) {
    request.grows_down = flags & MAP_GROWSDOWN;
    request.marks = flags & MAP_LOCKED ? mark::LOCKED : 0;
    if (!(flags & MAP_ANONYMOUS)) TRY(set_file(request, fd, offset));
    else if (request.sharing == Sharing::shared) request.vmo = TRY(Vmo::create(request.size));
    if (request.grows_down && request.vmo) return fail(Errno::EINVAL);
    return flags & MAP_HUGETLB ? fail(request.file ? Errno::EINVAL : Errno::ENOMEM) : Result<>();  // there are none
}

static Result<uint64_t> sys_mmap(VirtAddr at, uint64_t length, uint64_t prot, uint64_t flags, int fd, uint64_t offset) {
    if (length == 0) return fail(Errno::EINVAL);
    if (length > USER_END) return fail(Errno::ENOMEM);
    if (!is_aligned(offset, PAGE_SIZE)) return fail(Errno::EINVAL);
    MapRequest request{.size = align_up(length, PAGE_SIZE), .perms = perms_of(prot)};
    if (offset + request.size < offset) return fail(Errno::EOVERFLOW);
    request.sharing = TRY(sharing_of(flags));
    TRY(set_placement(request, at, flags));
    TRY(set_backing(request, flags, fd, offset));
    VirtAddr start = TRY(vmar().map(request));
    // what cannot be had is left to the program's own access
    if (flags & (MAP_POPULATE | MAP_LOCKED)) (void)populate(VirtRange::sized(start, request.size));
    return start.value;
}

static Result<> sys_munmap(VirtAddr start, uint64_t length) {
    if (!start.is_page_aligned() || length == 0) return fail(Errno::EINVAL);
    return vmar().unmap(TRY(user_range(start, length, Errno::EINVAL)));
}

static Result<> sys_mprotect(VirtAddr start, uint64_t length, uint64_t prot) {
    VirtRange range = TRY(page_range(start, length, Errno::ENOMEM));
    if (range.empty()) return {};
    return prot & ~(PROT_BITS | PROT_SEM) ? fail(Errno::EINVAL) : vmar().protect(range, perms_of(prot));
}

static Result<VirtAddr> sys_mremap(VirtAddr start, uint64_t old_size, uint64_t new_size, uint64_t flags, VirtAddr new_start) {
    constexpr uint64_t MAYMOVE = 1, FIXED = 2, DONTUNMAP = 4;
    RemapRequest request{.old_range = {}, .new_size = align_up(new_size, PAGE_SIZE), .may_move = (flags & MAYMOVE) != 0};
    request.dont_unmap = flags & DONTUNMAP;
    if (flags > (MAYMOVE | FIXED | DONTUNMAP) || ((flags & (FIXED | DONTUNMAP)) && !request.may_move) ||
        (request.dont_unmap && old_size != new_size) || !start.is_page_aligned() || request.new_size == 0)
        return fail(Errno::EINVAL);
    request.old_range = TRY(user_range(start, old_size, Errno::EFAULT));
    if (flags & FIXED) {
        if (!new_start.is_page_aligned()) return fail(Errno::EINVAL);
        TRY(user_range(new_start, request.new_size, Errno::EINVAL));
        request.fixed = new_start;
    }
    return vmar().remap(request);
}

static VirtAddr sys_brk(VirtAddr wanted) { return vmar().process_vm().heap().brk(vmar(), wanted); }

// ADVICE

// Linux's numbers. Expectations, and what is about huge pages, merging, core dumps and reclaim, mean nothing here.
constexpr std::pair<uint64_t, Advice> ADVICE[] = {
    {0, Advice::none}, {1, Advice::none}, {2, Advice::none}, {3, Advice::none}, {4, Advice::dont_need},
    {8, Advice::free}, {10, Advice::dont_fork}, {11, Advice::do_fork}, {12, Advice::none}, {13, Advice::none},
    {14, Advice::none}, {15, Advice::none}, {16, Advice::none}, {17, Advice::none}, {18, Advice::wipe_on_fork},
    {19, Advice::keep_on_fork}, {20, Advice::none}, {21, Advice::none}, {24, Advice::dont_need_locked},
};
constexpr uint64_t MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23;

static Result<> sys_madvise(VirtAddr start, uint64_t length, uint64_t number) {
    const auto* known = std::ranges::find(ADVICE, number, [](auto& advice) { return advice.first; });
    bool is_populate = number == MADV_POPULATE_READ || number == MADV_POPULATE_WRITE;
    if (known == std::end(ADVICE) && !is_populate) return fail(Errno::EINVAL);
    VirtRange range = TRY(page_range(start, length, Errno::EINVAL));
    if (range.empty()) return {};
    if (!is_populate) return vmar().advise(range, known->second);
    Perms access = number == MADV_POPULATE_WRITE ? Perms(Perms::W) : Perms::r();
    return for_each_part(range, [&](const VmMapping& part) -> Result<> {
        return part.perms.contains(access) ? touch(part.range, access) : fail(Errno::EINVAL);
    });
}

static Result<> sys_msync(VirtAddr start, uint64_t length, uint64_t flags) {
    constexpr uint64_t ASYNC = 1, INVALIDATE = 2, SYNC = 4;
    if ((flags & ~(ASYNC | INVALIDATE | SYNC)) || (flags & (ASYNC | SYNC)) == (ASYNC | SYNC)) return fail(Errno::EINVAL);
    length = align_up(length, PAGE_SIZE);  // of the last page's worth of numbers this makes 0, as on Linux
    return for_each_part(TRY(page_range(start, length, Errno::ENOMEM)), [&](const VmMapping& part) -> Result<> {
        if ((part.marks & mark::LOCKED) && (flags & INVALIDATE)) return fail(Errno::EBUSY);
        uint64_t first = part.vmo_page(part.range.start);
        bool writes = (flags & SYNC) && !part.is_private();
        return writes ? part.vmo->write_back(first, first + part.range.pages()) : Result<>();
    });
}

// Whether touching the page would cost no more than a table entry.
static bool is_in_memory(const VmMapping& part, VirtAddr page) {
    if (part.vmo && part.vmo->cached_page(part.vmo_page(page))) return true;
    auto table = vmar().vm_space().lock();
    Pte* slot = table->find(page);
    return slot && !slot->is_empty();
}

static Result<> sys_mincore(VirtAddr start, uint64_t length, VirtAddr vector) {
    return for_each_part(TRY(page_range(start, length, Errno::ENOMEM)), [&](const VmMapping& part) -> Result<> {
        for (VirtAddr page = part.range.start; page < part.range.end; page += PAGE_SIZE, vector += 1)
            TRY(write_user(vector, uint8_t{is_in_memory(part, page)}));
        return {};
    });
}

// LOCKING. Nothing is ever paged out, so a locked range is one that was touched, and that advice does not give up.

// mlock(2) and munlock(2) round both ends outward. EINVAL: the end cannot be said.
static Result<VirtRange> locked_range(VirtAddr start, uint64_t length) {
    return page_range(start.page_down(), align_up(length + start.page_offset(), PAGE_SIZE), Errno::EINVAL);
}

static Result<> sys_munlock(VirtAddr start, uint64_t length) {
    return vmar().advise(TRY(locked_range(start, length)), Advice::unlock);
}

static Result<> sys_mlock2(VirtAddr start, uint64_t length, uint64_t flags) {
    constexpr uint64_t ONFAULT = 1;
    if (flags & ~ONFAULT) return fail(Errno::EINVAL);
    VirtRange range = TRY(locked_range(start, length));
    TRY(vmar().advise(range, Advice::lock));
    return (flags & ONFAULT) || populate(range) ? Result<>() : fail(Errno::ENOMEM);
}

static Result<> sys_mlock(VirtAddr start, uint64_t length) { return sys_mlock2(start, length, 0); }

constinit const SyscallFamily MEMORY_SYSCALLS = {
    SYSCALL(214, brk), SYSCALL(215, munmap), SYSCALL(216, mremap), SYSCALL(222, mmap), SYSCALL(226, mprotect),
    SYSCALL(227, msync), SYSCALL(228, mlock), SYSCALL(229, munlock), SYSCALL(232, mincore), SYSCALL(233, madvise),
    SYSCALL(284, mlock2),
};
