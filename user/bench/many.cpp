// What operations cost among many mappings.
#include "bench.h"

// MANY MAPPINGS. Neighbours differ in their rights, so none can be joined.

// What each operation costs among `count` mappings, in the order of MANY_ROWS.
struct Many {
    long map_unmap, refill, touch, create, remove, fork;
};

static Many with_mappings(size_t count) {
    Many result;
    char* area = map_pages(count);  // one mapping, cut up from below
    char* spare = map_pages(1);
    munmap(spare, PAGE);
    auto rights = [](size_t i) { return i % 2 ? PROT_READ : READ_WRITE; };
    long start = now();
    for (size_t i = 0; i < count; i++)
        if (mmap(area + i * PAGE, PAGE, rights(i), MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) give_up("mmap");
    result.create = (now() - start) / static_cast<long>(count);
    result.map_unmap = map_unmap();
    char* place = area;  // each round has another one: how deep a kernel's tree is differs from place to place
    result.refill = repeat_mapping([&] {
        munmap(place, PAGE);
        mmap(place, PAGE, READ_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }, [&, round = 0ul]() mutable { place = area + count * round++ / (ROUNDS + 1) / 2 * 2 * PAGE; });
    size_t next = 0;
    int touched = static_cast<int>(std::min<size_t>(count / 4, 64));
    start = now();
    for (int i = 0; i < touched; i++, next += 2)
        touch(area + (count / 4 * 2 + next) % count * PAGE, 1);
    result.touch = (now() - start) / touched;
    result.fork = fork_wait(count > 1000 ? 2 : 9);
    start = now();
    munmap(area, count * PAGE);
    result.remove = (now() - start) / static_cast<long>(count);
    return result;
}

constexpr size_t MANY[] = {10, 1'000, 10'000, 50'000};
constexpr struct {
    const char* name;
    long Many::*field;
} MANY_ROWS[] = {{"map-unmap", &Many::map_unmap}, {"refill", &Many::refill}, {"touch", &Many::touch},
                 {"create", &Many::create}, {"remove", &Many::remove}, {"fork", &Many::fork}};

void measure_many() {
    for (size_t count : MANY) {
        Many result = with_mappings(count);
        for (const auto& row : MANY_ROWS)
            printf("many-%s-%zu %ld\n", row.name, count, result.*row.field);
    }
}
