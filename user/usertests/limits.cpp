// What is used up: memory, descriptors, processes, names, room in files. Each is an error for the one who asks for more, and
// everything is there again afterwards.

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "limits";

void set_limit(__rlimit_resource resource, rlim_t value) {
    rlimit limit{.rlim_cur = value, .rlim_max = value};
    EXPECT(setrlimit(resource, &limit) == 0);
}

// ---- memory ---------------------------------------------------------------------------------------------------------

[[noreturn]] void use_all_memory() {
    for (;;) {
        auto* pages = static_cast<char*>(mmap(nullptr, 1 << 20, RW, PRIVATE, -1, 0));
        if (pages == MAP_FAILED) _exit(3);
        memset(pages, 1, 1 << 20);
    }
}

TEST(who_uses_up_the_memory_is_killed) {
    for (int i = 0; i < 2; i++)
        EXPECT(child([] { use_all_memory(); }) == -SIGKILL);
    EXPECT(child([] {}) == 0);  // and the others go on
}

TEST(more_memory_than_there_is_can_be_mapped_without_reserve) {
    size_t size = 8ul << 30;
    auto* place = static_cast<char*>(mmap(nullptr, size, RW, PRIVATE | MAP_NORESERVE, -1, 0));
    EXPECT(place != MAP_FAILED);
    for (size_t at = 0; at < size; at += size / 16)
        place[at] = 1;
    EXPECT(munmap(place, size) == 0);
}

TEST(the_break_has_a_limit) {
    EXPECT(child([] {
        set_limit(RLIMIT_DATA, 1 << 20);
        EXPECT_ERROR(ENOMEM, sbrk(4 << 20));
        EXPECT(sbrk(1 << 16) != reinterpret_cast<void*>(-1));
    }) == 0);
}

// The program's own data and the C library's heap count as well, so all here is in MiB. The test's own child has the limit.
constexpr size_t MIB = 1 << 20;

char* map_mib(size_t mib, int prot, int flags = PRIVATE) {
    return static_cast<char*>(mmap(nullptr, mib * MIB, prot, flags, -1, 0));
}

TEST(private_memory_that_can_be_written_has_a_limit) {
    EXPECT(child([] {
        set_limit(RLIMIT_DATA, 16 << 20);
        EXPECT(map_mib(8, RW, PRIVATE) != MAP_FAILED);
        EXPECT_ERROR(ENOMEM, map_mib(12, RW, PRIVATE));
        EXPECT_ERROR(ENOMEM, map_mib(12, PROT_WRITE, PRIVATE));
        EXPECT(map_mib(12, PROT_READ, PRIVATE) != MAP_FAILED && map_mib(12, RW, SHARED) != MAP_FAILED);
        EXPECT(map_mib(4, RW, PRIVATE) != MAP_FAILED);
    }) == 0);
}

TEST(memory_that_becomes_writable_counts_against_the_limit) {
    set_limit(RLIMIT_DATA, 16 * MIB);
    char* place = map_mib(20, PROT_READ);
    EXPECT(place != MAP_FAILED && mprotect(place, 8 * MIB, RW) == 0);
    EXPECT_ERROR(ENOMEM, mprotect(place + 8 * MIB, 12 * MIB, RW));
    EXPECT_ERROR(ENOMEM, mprotect(place, 20 * MIB, RW));  // the first 8 are not counted again, the others are too many
    EXPECT(mprotect(place, 8 * MIB, RW | PROT_EXEC) == 0);
    EXPECT_ERROR(ENOMEM, map_mib(8, RW));
    EXPECT(mprotect(place, 4 * MIB, PROT_READ) == 0 && mprotect(place + 8 * MIB, 4 * MIB, PROT_WRITE) == 0);
    EXPECT_ERROR(ENOMEM, map_mib(8, RW));
    EXPECT(munmap(place, 12 * MIB) == 0 && map_mib(12, RW) != MAP_FAILED);
    char* shared_place = map_mib(20, PROT_READ, SHARED);
    EXPECT(shared_place != MAP_FAILED && mprotect(shared_place, 20 * MIB, RW) == 0);
}

TEST(memory_that_grows_counts_against_the_limit) {
    set_limit(RLIMIT_DATA, 16 * MIB);
    char* place = map_mib(8, RW);
    char* read_only = map_mib(8, PROT_READ);
    EXPECT(place != MAP_FAILED && read_only != MAP_FAILED);
    EXPECT_ERROR(ENOMEM, mremap(place, 8 * MIB, 20 * MIB, MREMAP_MAYMOVE));
    EXPECT_ERROR(ENOMEM, mremap(place, 8 * MIB, 8 * MIB, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
    EXPECT(mremap(read_only, 8 * MIB, 20 * MIB, MREMAP_MAYMOVE) != MAP_FAILED);
    void* moved = mremap(place, 8 * MIB, 12 * MIB, MREMAP_MAYMOVE);
    EXPECT(moved != MAP_FAILED);
    EXPECT_ERROR(ENOMEM, sbrk(8 * MIB));
    EXPECT(mremap(moved, 12 * MIB, 4 * MIB, 0) == moved && sbrk(8 * MIB) != reinterpret_cast<void*>(-1));
    EXPECT_ERROR(ENOMEM, map_mib(8, RW));
    EXPECT(child([] {
        EXPECT_ERROR(ENOMEM, map_mib(8, RW));
        EXPECT(sbrk(-8l * static_cast<long>(MIB)) != reinterpret_cast<void*>(-1) && map_mib(8, RW) != MAP_FAILED);
    }) == 0);
}

// What is there already stays, and may be cut, moved, and given back.
TEST(a_limit_below_what_is_mapped_stops_only_more) {
    for (auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
        EXPECT(child([&] {
            char* place = map_mib(8, RW);
            char* target = map_mib(2, PROT_READ);
            EXPECT(place != MAP_FAILED && target != MAP_FAILED);
            set_limit(resource, MIB);
            EXPECT_ERROR(ENOMEM, mmap(nullptr, PAGE, RW, PRIVATE, -1, 0));
            EXPECT_ERROR(ENOMEM, mmap(place, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));  // although it replaces as much
            EXPECT(munmap(place + PAGE, PAGE) == 0 && mprotect(place + 4 * MIB, PAGE, PROT_READ) == 0);
            EXPECT(mremap(place + 6 * MIB, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
            EXPECT(munmap(place, 8 * MIB) == 0);
        }) == 0);
    }
}

[[gnu::noinline]] int use_stack(int kilobytes, volatile char* caller = nullptr) {
    volatile char bytes[1024];
    bytes[0] = 1;
    return kilobytes == 0 ? caller != nullptr : use_stack(kilobytes - 1, bytes) + bytes[0];
}

TEST(the_stack_has_a_limit) {
    EXPECT(child([] {
        set_limit(RLIMIT_STACK, 1 << 20);
        use_stack(512);
    }) == 0);
    EXPECT(child([] {
        set_limit(RLIMIT_STACK, 1 << 20);
        use_stack(2048);
    }) == -SIGSEGV);
}

TEST(a_thousand_mappings_come_and_go) {
    for (int round = 0; round < 3; round++) {
        char* place = map(2000);
        for (size_t i = 0; i < 2000; i += 2)
            EXPECT(mprotect(place + i * PAGE, PAGE, PROT_READ) == 0);
        for (size_t i = 0; i < 2000; i += 2)
            EXPECT(munmap(place + i * PAGE, PAGE) == 0);
        EXPECT(munmap(place, 2000 * PAGE) == 0);
    }
}

// ---- processes ------------------------------------------------------------------------------------------------------

TEST(a_line_of_processes_passes_bytes_on) {
    int first[2], input;
    EXPECT(pipe(first) == 0);
    input = first[0];
    for (int i = 0; i < 40; i++) {
        int ends[2];
        EXPECT(pipe(ends) == 0);
        start([&] {
            close(first[1]);
            close(ends[0]);
            char bytes[512];
            for (ssize_t count; (count = read(input, bytes, sizeof(bytes))) > 0;)
                EXPECT(write(ends[1], bytes, static_cast<size_t>(count)) == count);
        });
        close(input);
        close(ends[1]);
        input = ends[0];
    }
    std::string sent(20'000, 'x'), received;
    EXPECT(write(first[1], sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()) && close(first[1]) == 0);
    char bytes[4096];
    for (ssize_t count; (count = read(input, bytes, sizeof(bytes))) > 0;)
        received.append(bytes, static_cast<size_t>(count));
    EXPECT(received == sent);
    while (wait(nullptr) > 0) {
    }
}

TEST(a_chain_of_children_can_be_deep) {
    auto& deepest = shared<int>();
    struct Chain {
        static void grow(int depth, int& deepest) {
            deepest = depth;
            if (depth < 100) EXPECT(child([&] { grow(depth + 1, deepest); }) == 0);
        }
    };
    Chain::grow(0, deepest);
    EXPECT(deepest == 100);
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

TEST(descriptors_end_at_a_lower_limit) {
    EXPECT(child([] {
        set_limit(RLIMIT_NOFILE, 10);
        int last = -1;
        for (int fd; (fd = dup(0)) >= 0;)
            last = fd;
        EXPECT(errno == EMFILE && last == 9);
        EXPECT_ERROR(EMFILE, open("/dev/null", O_RDONLY));
        EXPECT_ERROR(EBADF, dup2(0, 10));
        EXPECT_ERROR(EINVAL, fcntl(0, F_DUPFD, 10));
    }) == 0);
}

TEST(pipes_give_their_memory_back) {
    for (int round = 0; round < 4; round++) {
        std::vector<int> all;
        std::string bytes(60'000, 'x');
        int ends[2];
        for (int i = 0; i < 100 && pipe(ends) == 0; i++) {
            EXPECT(write(ends[1], bytes.data(), bytes.size()) == 60'000);
            all.insert(all.end(), ends, ends + 2);
        }
        EXPECT(all.size() == 200);
        for (int fd : all)
            close(fd);
    }
}

// ---- files ----------------------------------------------------------------------------------------------------------

// Deeper than any path can name: each step goes from where one is.
TEST(directories_can_be_deeper_than_a_path_is_long) {
    std::string name(200, 'd');
    constexpr int DEPTH = 30;
    for (int i = 0; i < DEPTH; i++)
        EXPECT(mkdir(name.c_str(), 0755) == 0 && chdir(name.c_str()) == 0);
    char text[PATH_MAX];
    EXPECT_ERROR(ENAMETOOLONG, syscall(SYS_getcwd, text, sizeof(text)));
    EXPECT(close(open("deep", O_WRONLY | O_CREAT, 0644)) == 0 && unlink("deep") == 0);
    for (int i = 0; i < DEPTH; i++)
        EXPECT(chdir("..") == 0 && rmdir(name.c_str()) == 0);
}

TEST(a_large_file_comes_and_goes) {
    for (int round = 0; round < 3; round++) {
        int fd = open("large", O_RDWR | O_CREAT, 0644);
        std::string block(1 << 20, static_cast<char>('a' + round));
        for (int i = 0; i < 16; i++)
            EXPECT(write(fd, block.data(), block.size()) == 1 << 20);
        char byte = 0;
        EXPECT(pread(fd, &byte, 1, (16 << 20) - 1) == 1 && byte == 'a' + round);
        EXPECT(ftruncate(fd, 1 << 20) == 0 && unlink("large") == 0 && close(fd) == 0);
    }
}

TEST(a_name_can_be_made_and_removed_ten_thousand_times) {
    for (int i = 0; i < 10'000; i++) {
        int fd = open("f", O_WRONLY | O_CREAT | O_EXCL, 0644);
        EXPECT(fd >= 0 && close(fd) == 0 && unlink("f") == 0);
    }
}

}  // namespace
