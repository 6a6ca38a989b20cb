// System calls that wait for one of several files: see ppoll(2), pselect(2).
#include "syscall/arguments.h"

// struct pollfd.
struct PollFile {
    int fd;
    uint16_t wanted, seen;
};

// How many files have something to report.
static uint64_t look_at(Vec<PollFile>& list) {
    uint64_t count = 0;
    for (PollFile& item : list) {
        item.seen = 0;
        if (item.fd < 0) continue;
        auto file = get_file(item.fd);
        uint32_t always = poll_event::ERROR | poll_event::HANG_UP;
        uint32_t seen = file ? (*file)->inode().ready() & (item.wanted | always) : poll_event::INVALID;
        item.seen = static_cast<uint16_t>(seen);
        count += item.seen != 0;
    }
    return count;
}

// Until a file has something to report, or it is the time that `timeout` says (null: never); then the count is 0. What
// is left of the time is written back. `mask` (null: none) is the signal mask meanwhile. EINTR.
static Result<uint64_t> wait_for_files(Vec<PollFile>& list, VirtAddr timeout, VirtAddr mask, uint64_t mask_size) {
    uint64_t deadline = TRY(read_deadline(timeout)), count = 0;
    if (mask.value && mask_size != sizeof(uint64_t)) return fail(Errno::EINVAL);
    std::optional<MaskDuringCall> during;
    if (mask.value) during.emplace(SignalSet(TRY(read_user<uint64_t>(mask))));
    auto waited = pollers.wait_until([&] { return (count = look_at(list)) != 0; }, deadline);
    if (timeout.value) (void)write_user(timeout, Timespec::of(time_until(deadline)));
    if (!waited && waited.error() != Errno::ETIMEDOUT) return fail(waited.error());
    return count;
}

static Result<uint64_t> sys_ppoll(VirtAddr files_at, uint64_t size, VirtAddr timeout, VirtAddr mask, uint64_t mask_size) {
    if (size > files().table.limit()) return fail(Errno::EINVAL);
    Vec<PollFile> list;
    TRY(list.resize(size));
    std::span<PollFile> items(list.data(), list.size());
    TRY(read_user(std::as_writable_bytes(items), files_at));
    uint64_t count = TRY(wait_for_files(list, timeout, mask, mask_size));
    TRY(write_user(files_at, std::as_bytes(items)));
    return count;
}

// Three sets of descriptors, one bit each: to read, to write, with something urgent. They become a list for poll, and
// what was seen becomes the sets again.
static Result<uint64_t> sys_pselect6(int most, VirtAddr to_read, VirtAddr to_write, VirtAddr urgent, VirtAddr timeout,
                              VirtAddr mask_argument) {
    using namespace poll_event;
    constexpr uint16_t URGENT = 2, WANTED[] = {IN, OUT, URGENT}, MEANT[] = {IN | HANG_UP | ERROR, OUT | ERROR, URGENT};
    const VirtAddr places[] = {to_read, to_write, urgent};
    constexpr int MOST = 1024;  // FD_SETSIZE
    if (most < 0 || most > MOST) return fail(Errno::EINVAL);
    uint64_t sets[3][MOST / 64] = {}, count = 0;
    Vec<PollFile> list;
    size_t size = align_up(static_cast<uint64_t>(most), 64) / 8;
    auto bytes_of = [&](size_t set) { return std::as_writable_bytes(std::span(sets[set])).first(size); };
    for (size_t set = 0; set < 3; set++)
        if (places[set].value) TRY(read_user(bytes_of(set), places[set]));
    for (int fd = 0; fd < most; fd++) {
        PollFile item{fd, 0, 0};
        for (size_t set = 0; set < 3; set++) item.wanted |= sets[set][fd / 64] >> (fd % 64) & 1 ? WANTED[set] : 0;
        if (!item.wanted) continue;
        TRY(get_file(fd));
        TRY(list.push(item));
    }
    struct Mask {
        VirtAddr set;
        uint64_t size = 0;
    } mask;
    if (mask_argument.value) mask = TRY(read_user<Mask>(mask_argument));
    TRY(wait_for_files(list, timeout, mask.set, mask.size));
    for (size_t set = 0; set < 3; set++) {
        std::ranges::fill(sets[set], 0);
        for (const PollFile& item : list) {
            bool is_set = (item.wanted & WANTED[set]) && (item.seen & MEANT[set]);
            sets[set][item.fd / 64] |= uint64_t{is_set} << (item.fd % 64);
            count += is_set;
        }
        if (places[set].value) TRY(write_user(places[set], bytes_of(set)));
    }
    return count;
}

constinit const SyscallFamily POLL_SYSCALLS = {
    SYSCALL(72, pselect6), SYSCALL(73, ppoll),
};
