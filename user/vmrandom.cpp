// vmrandom: random calls of the mmap family, and what each did. The same seed gives the same calls, so two kernels that agree
// print the same lines; grade/tests/test_vm_random.py compares this kernel with Linux.
//
//     vmrandom FIRST-LAST COUNT [EVERY]     COUNT calls for each seed from FIRST to LAST, the window after EVERY so many
//
// All happens in a window of 48 pages. Pages are looked at without a fault: write(2) to a pipe reads the byte, read(2) from
// it stores one, and both say EFAULT where the program itself would get a signal.
//
//     7 protect 3+5 rw-            = 0            call 7: mprotect of 5 pages from the window's third
//       | .... rwp0 rwp0 r-s3 ...                 now and then: rights, private or shared, first byte of each page
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr uintptr_t WINDOW = 0x20'0000'0000;
constexpr size_t PAGES = 48, FILE_PAGES = 24, PAGE = 4096;

uint64_t random_state;
int file, ends[2];  // a file to map; a pipe to look through

uint64_t next_random() {  // SplitMix64
    uint64_t z = random_state += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
    return z ^ z >> 31;
}
size_t below(size_t limit) { return next_random() % limit; }
bool one_in(size_t n) { return below(n) == 0; }

void* at(size_t page) { return reinterpret_cast<void*>(WINDOW + page * PAGE); }

struct Range {
    size_t page = below(PAGES), count = 1 + below(std::min<size_t>(PAGES - page, one_in(4) ? PAGES : 6));
    void* start() const { return at(page); }
    size_t bytes() const { return count * PAGE; }
};

std::string text(Range range) { return std::to_string(range.page) + "+" + std::to_string(range.count); }
std::string text(int prot) {
    return {prot & PROT_READ ? 'r' : '-', prot & PROT_WRITE ? 'w' : '-', prot & PROT_EXEC ? 'x' : '-'};
}

// Mostly what programs use.
int random_prot() { return one_in(4) ? static_cast<int>(below(8)) : one_in(3) ? PROT_READ : PROT_READ | PROT_WRITE; }

std::string result(long value) { return value == -1 ? strerrorname_np(errno) : std::to_string(value); }

// An address, as far as two kernels must agree on it.
std::string place(void* got) {
    auto address = reinterpret_cast<uintptr_t>(got);
    if (got == MAP_FAILED) return strerrorname_np(errno);
    if (address >= WINDOW && address < WINDOW + PAGES * PAGE) return "page " + std::to_string((address - WINDOW) / PAGE);
    return "elsewhere";
}

bool is_elsewhere(void* got) { return place(got) == "elsewhere"; }

// LOOKING WITHOUT A FAULT

// The byte at an address, or -1.
int load(const void* address) {
    unsigned char byte;
    if (write(ends[1], address, 1) != 1) return -1;
    return read(ends[0], &byte, 1) == 1 ? byte : -1;
}

bool store(void* address, unsigned char byte) {
    if (write(ends[1], &byte, 1) != 1) return false;
    if (read(ends[0], address, 1) == 1) return true;
    int error = errno;
    if (read(ends[0], &byte, 1) != 1) abort();
    errno = error;
    return false;
}

// THE CALLS. Each returns its line.

std::string map() {
    struct {
        const char* name;
        int flags;
    } kinds[] = {{"map", MAP_FIXED}, {"map", MAP_FIXED}, {"map-new", MAP_FIXED_NOREPLACE}, {"map-hint", 0}};
    auto [name, placement] = kinds[below(4)];
    Range range;
    int prot = random_prot(), share = one_in(3) ? MAP_SHARED : MAP_PRIVATE;
    bool in_file = one_in(3);
    size_t offset = below(FILE_PAGES + 4);
    void* got = mmap(range.start(), range.bytes(), prot, placement | share | (in_file ? 0 : MAP_ANONYMOUS), in_file ? file : -1,
                     in_file ? static_cast<off_t>(offset * PAGE) : 0);
    std::string line = std::string(name) + " " + text(range) + " " + text(prot) + (share == MAP_SHARED ? "s" : "p") +
                       (in_file ? " file " + std::to_string(offset) : "") + " = " + place(got);
    if (is_elsewhere(got)) munmap(got, range.bytes());
    return line;
}

std::string unmap() {
    Range range;
    return "unmap " + text(range) + " = " + result(munmap(range.start(), range.bytes()));
}

std::string protect() {
    Range range;
    int prot = random_prot();
    return "protect " + text(range) + " " + text(prot) + " = " + result(mprotect(range.start(), range.bytes(), prot));
}

// What mremap moves must be one mapping, and where Linux joins neighbours depends on what was touched. So a new one is made,
// with a hole on either side, and a part of it is resized or moved.
std::string remap() {
    Range whole, to;
    whole.page = std::min(std::max<size_t>(whole.page, 1), PAGES - 2);
    whole.count = std::min(whole.count, PAGES - 1 - whole.page);
    munmap(at(whole.page - 1), (whole.count + 2) * PAGE);
    int share = one_in(3) ? MAP_SHARED : MAP_PRIVATE, prot = random_prot();
    bool in_file = one_in(3);
    mmap(whole.start(), whole.bytes(), prot, MAP_FIXED | share | (in_file ? 0 : MAP_ANONYMOUS), in_file ? file : -1, 0);
    for (size_t i = 0; i < whole.count; i++)
        if (one_in(2)) store(at(whole.page + i), static_cast<unsigned char>(10 + i));
    Range from;
    from.page = whole.page + below(whole.count);
    from.count = 1 + below(whole.page + whole.count - from.page);
    size_t size = one_in(3) ? from.count : to.count;
    int flags = one_in(4) ? 0 : MREMAP_MAYMOVE;
    if (flags && one_in(2)) flags |= MREMAP_FIXED;
    if (flags && one_in(6)) flags |= MREMAP_DONTUNMAP;
    size_t old_bytes = one_in(12) ? 0 : from.bytes();
    if (old_bytes == 0) flags &= ~MREMAP_FIXED;
    void* got = mremap(from.start(), old_bytes, size * PAGE, flags, to.start());
    std::string line = "remap " + text(from) + (old_bytes ? "" : " (old size 0)") + " to " + std::to_string(size) + " flags " +
                       std::to_string(flags) + " at " + std::to_string(to.page) + " of " + text(whole) + " " + text(prot) +
                       (share == MAP_SHARED ? "s" : "p") + (in_file ? " file" : "") + " = " + place(got);
    if (is_elsewhere(got)) munmap(got, size * PAGE);
    // Linux has unmapped the target by then, even when the call fails; this kernel changes nothing.
    if (got == MAP_FAILED && (flags & MREMAP_FIXED)) munmap(to.start(), size * PAGE);
    return line;
}

std::string advise() {
    constexpr int ADVICE[] = {MADV_DONTNEED, MADV_DONTNEED, MADV_NORMAL, MADV_WILLNEED, MADV_POPULATE_WRITE, MADV_POPULATE_READ, 99};
    Range range;
    int advice = ADVICE[below(std::size(ADVICE))];
    return "advise " + text(range) + " " + std::to_string(advice) + " = " + result(madvise(range.start(), range.bytes(), advice));
}

std::string sync() {
    Range range;
    int flags = static_cast<int>(below(8));
    return "sync " + text(range) + " " + std::to_string(flags) + " = " + result(msync(range.start(), range.bytes(), flags));
}

std::string lock() {
    Range range;
    bool locks = one_in(2);
    long got = locks ? mlock(range.start(), range.bytes()) : munlock(range.start(), range.bytes());
    std::string line = std::string(locks ? "lock " : "unlock ") + text(range) + " = " + result(got);
    for (size_t page = 0; page < PAGES; page++)
        munlock(at(page), PAGE);  // what is locked cannot be given up by advice
    return line;
}

std::string store_some() {
    Range range;
    auto byte = static_cast<unsigned char>(1 + below(9));
    std::string line = "store " + text(range) + " " + std::to_string(byte) + " =";
    for (size_t i = 0; i < range.count; i++)
        line += store(at(range.page + i), byte) ? " ok" : " no";
    return line;
}

std::string load_some() {
    Range range;
    std::string line = "load " + text(range) + " =";
    for (size_t i = 0; i < range.count; i++)
        line += " " + std::to_string(load(at(range.page + i)));
    return line;
}

// The file gets shorter or longer, or a byte of it another value.
std::string change_file() {
    size_t page = below(FILE_PAGES);
    if (one_in(2)) return "truncate " + std::to_string(page) + " = " + result(ftruncate(file, static_cast<off_t>(page * PAGE)));
    char byte = static_cast<char>(1 + below(9));
    return "write " + std::to_string(page) + " = " + result(pwrite(file, &byte, 1, static_cast<off_t>(page * PAGE)));
}

std::string window_text();

// What the child changes of private memory is its own; of shared memory, everybody's.
std::string fork_child() {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        std::string stored = store_some(), seen = window_text();
        printf("  child: %s\n%s", stored.c_str(), seen.c_str());
        fflush(stdout);
        _exit(0);
    }
    next_random();
    int status = 0;
    waitpid(child, &status, 0);
    return "fork = " + std::to_string(status);
}

// Arguments that are never right, or right only by chance.
std::string odd_call() {
    constexpr size_t ODD[] = {0, 1, PAGE - 1, PAGE + 1, size_t{1} << 38, ~size_t{0} >> 1, (~size_t{0} >> 1) + 1, -PAGE, ~size_t{0}};
    size_t size = ODD[below(std::size(ODD))], which = below(5);
    Range range;
    char* start = static_cast<char*>(range.start()) + (one_in(2) ? below(PAGE) : 0);
    std::string line = "odd " + std::to_string(which) + " " + std::to_string(start - static_cast<char*>(at(0))) + " " +
                       std::to_string(size) + " = ";
    if (which == 0) return line + result(munmap(start, size));
    if (which == 1) return line + result(mprotect(start, size, PROT_READ));
    if (which == 2) return line + result(madvise(start, size, MADV_NORMAL));
    if (which == 3) return line + result(msync(start, size, MS_ASYNC));
    return line + place(mmap(start, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

// LOOKING AT THE WINDOW

// Rights and sharing of each page: "rw-p", empty where nothing is mapped.
void read_rights(std::string (&rights)[PAGES]) {
    FILE* maps = fopen("/proc/self/maps", "r");
    if (!maps) abort();
    unsigned long start, end;
    char flags[5];
    while (fscanf(maps, "%lx-%lx %4s%*[^\n]", &start, &end, flags) == 3)
        for (uintptr_t address = std::max(start, WINDOW); address < std::min(end, WINDOW + PAGES * PAGE); address += PAGE)
            rights[(address - WINDOW) / PAGE] = flags;
    fclose(maps);
}

std::string window_text() {
    std::string rights[PAGES], line = "  |";
    read_rights(rights);
    for (size_t i = 0; i < PAGES; i++) {
        int byte = load(at(i));
        line += rights[i].empty() ? " ." : " " + rights[i] + (byte < 0 ? "!" : std::to_string(byte));
    }
    return line + "\n";
}

void start_afresh(uint64_t seed) {
    random_state = seed;
    munmap(reinterpret_cast<void*>(WINDOW), PAGES * PAGE);
    if (ftruncate(file, 0) || ftruncate(file, FILE_PAGES * PAGE)) abort();
    for (size_t page = 0; page < FILE_PAGES; page++) {
        char byte = static_cast<char>(100 + page);
        if (pwrite(file, &byte, 1, static_cast<off_t>(page * PAGE)) != 1) abort();
    }
}

void run(uint64_t seed, size_t count, size_t every) {
    constexpr std::string (*CALLS[])() = {map, map, map, unmap, protect, protect, remap, remap, advise, sync, lock, store_some,
                                          store_some, store_some, load_some, change_file, odd_call};
    start_afresh(seed);
    printf("seed %lu\n", seed);
    for (size_t i = 1; i <= count; i++) {
        std::string line = one_in(50) ? fork_child() : CALLS[below(std::size(CALLS))]();
        printf("%zu %s\n", i, line.c_str());
        if (i % every == 0) fputs(window_text().c_str(), stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    unsigned long first = 1, last = 1, count = 1000, every = 10;
    if (argc > 1 && sscanf(argv[1], "%lu-%lu", &first, &last) == 1) last = first;
    if (argc > 2) count = strtoul(argv[2], nullptr, 10);
    if (argc > 3) every = strtoul(argv[3], nullptr, 10);
    file = open("/tmp/vmrandom.scratch", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || pipe(ends)) return 1;
    unlink("/tmp/vmrandom.scratch");
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    for (unsigned long seed = first; seed <= last; seed++)
        run(seed, count, every);
    return 0;
}
