// bench: what one operation costs, on whatever Linux-like kernel runs it.
//
//     bench [row...]        each row:   name  nanoseconds for one operation
//     bench parallel N      time for N processes, each of which starts /bin/true 100 times
//
// Under QEMU's -icount shift=0 the clock counts instructions, one a nanosecond, and the same run gives the same numbers.
// A row runs its operation in rounds and shows the median of the rounds. A clock ticks at 100 ns, so short operations are
// measured many at a time.
#include <string.h>

#include "bench.h"

namespace {

struct Row {
    const char* name;
    long (*measure)();
};

constexpr Row ROWS[] = {
    {"getppid", getppid_}, {"map-unmap", map_unmap}, {"map-touch-unmap", map_touch_unmap},
    {"map-touch-unmap-256", map_touch_unmap_256}, {"write-fault", write_fault}, {"read-fault", read_fault},
    {"protect-flip", protect_flip}, {"protect-signal", protect_signal}, {"dontneed-touch", dontneed_touch},
    {"signal", signal_}, {"brk-touch", brk_touch}, {"fork", fork_plain}, {"vfork", vfork_wait}, {"fork-exec", fork_exec},
    {"fork-1024", fork_1024}, {"cow-child", cow_child}, {"cow-owner", cow_owner}, {"pipe-round-trip", pipe_round_trip},
    {"pipe-4096", pipe_4096}, {"pread-4096", pread_4096}, {"file-read-fault", file_read_fault},
    {"file-write-fault", file_write_fault}, {"open-close", open_close}, {"thread", thread},
};

}  // namespace

int main(int argc, char** argv) {
    auto is_wanted = [&](const char* name) {
        return argc == 1 || std::any_of(argv + 1, argv + argc, [&](char* word) { return strcmp(word, name) == 0; });
    };
    setlinebuf(stdout);
    if (argc == 3 && strcmp(argv[1], "parallel") == 0) {
        printf("parallel %ld\n", parallel(atoi(argv[2])));
        return 0;
    }
    for (const Row& row : ROWS)
        if (is_wanted(row.name)) printf("%-24s %ld\n", row.name, row.measure());
    if (is_wanted("many")) measure_many();
    return 0;
}
