// System calls that wait for one of several files: see ppoll(2), pselect(2).
#include "syscall/table.h"
#include "syscall/timespec.h"
#include "syscall/user_path.h"

namespace kern {

namespace {

// struct pollfd.
struct PollFile {
    int fd;
    uint16_t wanted, seen;
};

// How many files have something to report.
uint64_t look_at(Vec<PollFile>& list) {
    uint64_t count = 0;
    for (PollFile& item : list) {
        item.seen = 0;
        if (item.fd < 0) continue;
        auto file = get_file(item.fd);
        uint32_t always = poll_event::ERROR | poll_event::HANG_UP;
        item.seen = static_cast<uint16_t>(file ? (*file)->inode().ready() & (item.wanted | always) : poll_event::INVALID);
        count += item.seen != 0;
    }
    return count;
}

// Until a file has something to report, or it is the time that `timeout` says (null: never); then the count is 0. What is
// left of the time is written back. `mask` (null: none) is the signal mask meanwhile. EINTR.
Result<uint64_t> wait_for_files(Vec<PollFile>& list, VirtAddr timeout, VirtAddr mask, uint64_t mask_size) {
    uint64_t deadline = timeout.value ? arch::now_ns() + TRY(read_timespec(timeout)) : NEVER, count = 0;
    if (mask.value && mask_size != sizeof(uint64_t)) return fail(Errno::EINVAL);
    std::optional<MaskDuringCall> during;
    if (mask.value)
        during.emplace(SignalSet(TRY(read_user<uint64_t>(mask))));
    auto waited = poll_queue().wait_until([&] { return (count = look_at(list)) != 0; }, deadline);
    uint64_t now = arch::now_ns();
    if (timeout.value)
        (void)write_user(timeout, Timespec::of(deadline > now ? deadline - now : 0));
    if (!waited && waited.error() != Errno::ETIMEDOUT) return fail(waited.error());
    return count;
}

Result<uint64_t> sys_ppoll(VirtAddr files_at, uint64_t size, VirtAddr timeout, VirtAddr mask, uint64_t mask_size) {
    if (size > files().table.limit()) return fail(Errno::EINVAL);
    Vec<PollFile> list;
    TRY(list.resize(size));
    std::span<PollFile> items(list.data(), list.size());
    TRY(read_user(std::as_writable_bytes(items), files_at));
    uint64_t count = TRY(wait_for_files(list, timeout, mask, mask_size));
    TRY(write_user(files_at, std::as_bytes(items)));
    return count;
}

// Three sets of descriptors, one bit each: to read, to write, with something urgent. They become a list for poll, and what
// was seen becomes the sets again.
Result<uint64_t> sys_pselect6(int most, VirtAddr to_read, VirtAddr to_write, VirtAddr urgent, VirtAddr timeout,
                              VirtAddr mask_argument) {
    constexpr uint16_t URGENT = 2;
    constexpr uint16_t WANTED[] = {poll_event::IN, poll_event::OUT, URGENT};
    constexpr uint16_t MEANT[] = {poll_event::IN | poll_event::HANG_UP | poll_event::ERROR, poll_event::OUT | poll_event::ERROR, URGENT};
    VirtAddr places[] = {to_read, to_write, urgent};
    if (most < 0) return fail(Errno::EINVAL);
    uint64_t size = std::min<uint64_t>(static_cast<uint64_t>(most), FdTable::MOST);
    Vec<uint64_t> sets[3];
    Vec<PollFile> list;
    for (int i = 0; i < 3; i++) {
        TRY(sets[i].resize(places[i].value ? (size + 63) / 64 : 0));
        TRY(read_user(std::as_writable_bytes(std::span(sets[i].data(), sets[i].size())), places[i]));
    }
    for (uint64_t fd = 0; fd < size; fd++) {
        PollFile item{static_cast<int>(fd), 0, 0};
        for (int i = 0; i < 3; i++)
            if (places[i].value && (sets[i][fd / 64] >> (fd % 64) & 1))
                item.wanted |= WANTED[i];
        if (!item.wanted) continue;
        TRY(get_file(item.fd));
        TRY(list.push(item));
    }
    struct Mask {
        VirtAddr set;
        uint64_t size = 0;
    } mask;
    if (mask_argument.value)
        mask = TRY(read_user<Mask>(mask_argument));
    TRY(wait_for_files(list, timeout, mask.set, mask.size));
    uint64_t count = 0;
    for (int i = 0; i < 3; i++) {
        if (!places[i].value) continue;
        for (uint64_t& word : sets[i])
            word = 0;
        for (const PollFile& item : list) {
            bool is_set = (item.wanted & WANTED[i]) && (item.seen & MEANT[i]);
            sets[i][static_cast<size_t>(item.fd) / 64] |= uint64_t{is_set} << (item.fd % 64);
            count += is_set;
        }
        TRY(write_user(places[i], std::as_bytes(std::span(sets[i].data(), sets[i].size()))));
    }
    return count;
}

constexpr Syscall CALLS[] = {{72, "pselect6", call<sys_pselect6>}, {73, "ppoll", call<sys_ppoll>}};

}  // namespace

constinit const std::span<const Syscall> POLL_SYSCALLS = CALLS;

}  // namespace kern
