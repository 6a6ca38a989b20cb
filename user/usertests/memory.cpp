// The address space and what makes it: mmap and its family, the break, the stack, fork; and files and system, shortly.

#include <algorithm>
#include <cstdint>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include "testing.h"

namespace {

constexpr char GROUP[] = "memory";

// Lengths that overflow when they are rounded up or added to something.
constexpr unsigned long HUGE_LENGTHS[] = {(1ul << 63) - 1, 1ul << 63, -PAGE, -1ul};

// Raw, as the C library rejects some of what is tried here by itself.
long raw_mmap(unsigned long address, unsigned long length, int prot, int flags, int fd = -1, unsigned long offset = 0) {
    return syscall(SYS_mmap, address, length, prot, flags, fd, offset);
}

int child_reading(volatile char* place) {
    return child([=] { (void)*place; });
}

int child_writing(volatile char* place) {
    return child([=] { *place = 1; });
}

// ---- mmap -----------------------------------------------------------------------------------------------------------

TEST(mmap_refuses_bad_arguments) {
    EXPECT_ERROR(EINVAL, raw_mmap(0, 0, RW, PRIVATE));
    for (unsigned long length : HUGE_LENGTHS) {
        EXPECT_ERROR(ENOMEM, raw_mmap(0, length, RW, PRIVATE));
    }
    EXPECT_ERROR(EINVAL, raw_mmap(0, PAGE, RW, PRIVATE, -1, 123));
    EXPECT_ERROR(EINVAL, raw_mmap(0, PAGE, RW, MAP_ANONYMOUS));
    EXPECT_ERROR(EINVAL, raw_mmap(0x100001, PAGE, RW, PRIVATE | MAP_FIXED));
    EXPECT_ERROR(ENOMEM, raw_mmap(BEYOND, PAGE, RW, PRIVATE | MAP_FIXED));
    EXPECT_ERROR(EBADF, raw_mmap(0, PAGE, RW, MAP_PRIVATE, 99));
}

TEST(mmap_honours_a_free_hint) {
    char* hint = map(4);
    EXPECT(munmap(hint, 4 * PAGE) == 0);
    EXPECT(mmap(hint + 123, PAGE, RW, PRIVATE, -1, 0) == hint);
    EXPECT(mmap(hint, PAGE, RW, PRIVATE, -1, 0) != hint);
}

TEST(mmap_fixed_replaces_and_noreplace_refuses) {
    char* place = map(3);
    memset(place, 7, 3 * PAGE);
    EXPECT(mmap(place + PAGE, PAGE, RW, PRIVATE | MAP_FIXED, -1, 0) == place + PAGE);
    EXPECT(place[PAGE - 1] == 7 && place[PAGE] == 0 && place[2 * PAGE] == 7);
    EXPECT_ERROR(EEXIST, mmap(place, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0));
    EXPECT(munmap(place, 3 * PAGE) == 0);
    EXPECT(mmap(place, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) == place);
}

TEST(mmap_gives_zeroed_pages) {
    char* place = map(16);
    EXPECT(std::all_of(place, place + 16 * PAGE, [](char c) { return c == 0; }));
}

TEST(rights_are_enforced) {
    EXPECT(child_reading(map(1, PROT_NONE)) == -SIGSEGV);
    EXPECT(child_writing(map(1, PROT_READ)) == -SIGSEGV);
    EXPECT(child_reading(map(1, PROT_WRITE)) == 0);
    EXPECT(child_writing(map(1, PROT_WRITE)) == 0);
    char* code = map(1, RW);
    EXPECT(child([=] { reinterpret_cast<void (*)()>(code)(); }) == -SIGSEGV);
}

// ---- munmap, mprotect -----------------------------------------------------------------------------------------------

TEST(munmap_refuses_bad_arguments) {
    char* place = map(1);
    EXPECT_ERROR(EINVAL, munmap(place + 1, PAGE));
    EXPECT_ERROR(EINVAL, munmap(place, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_munmap, BEYOND, PAGE));
    for (unsigned long length : HUGE_LENGTHS) {
        EXPECT_ERROR(EINVAL, syscall(SYS_munmap, place, length));
    }
}

TEST(munmap_cuts_a_hole) {
    char* place = map(5);
    memset(place, 7, 5 * PAGE);
    EXPECT(munmap(place + 2 * PAGE, 1) == 0);
    EXPECT(munmap(place + 2 * PAGE, PAGE) == 0);
    EXPECT(place[2 * PAGE - 1] == 7 && place[3 * PAGE] == 7);
    EXPECT(child_reading(place + 2 * PAGE) == -SIGSEGV);
    EXPECT(munmap(place, 5 * PAGE) == 0);
    EXPECT(child_reading(place) == -SIGSEGV);
    EXPECT(child_reading(place + 4 * PAGE) == -SIGSEGV);
}

TEST(mprotect_refuses_bad_arguments) {
    char* place = map(3);
    EXPECT_ERROR(EINVAL, mprotect(place + 1, PAGE, PROT_READ));
    EXPECT(mprotect(place, 0, PROT_READ) == 0);
    EXPECT_ERROR(EINVAL, mprotect(place, PAGE, 0x40));
    EXPECT_ERROR(ENOMEM, syscall(SYS_mprotect, BEYOND, PAGE, PROT_READ));
    EXPECT(munmap(place + PAGE, PAGE) == 0);
    EXPECT_ERROR(ENOMEM, mprotect(place, 3 * PAGE, PROT_READ));
    EXPECT(child_writing(place) == -SIGSEGV);      // what precedes the hole has changed
    EXPECT(child_writing(place + 2 * PAGE) == 0);  // what follows has not
}

TEST(mprotect_changes_the_middle) {
    char* place = map(3);
    memset(place, 7, 3 * PAGE);
    EXPECT(mprotect(place + PAGE, PAGE, PROT_READ) == 0);
    EXPECT(child_writing(place) == 0 && child_writing(place + 2 * PAGE) == 0);
    EXPECT(child_writing(place + PAGE) == -SIGSEGV && place[PAGE] == 7);
    EXPECT(mprotect(place + PAGE, PAGE, RW) == 0);
    place[PAGE] = 8;
    EXPECT(mprotect(place, 3 * PAGE, PROT_NONE) == 0 && mprotect(place, 3 * PAGE, RW) == 0);
    EXPECT(place[0] == 7 && place[PAGE] == 8 && place[2 * PAGE] == 7);
}

// ---- mremap, madvise ------------------------------------------------------------------------------------------------

TEST(mremap_refuses_bad_arguments) {
    char* place = map(4);
    EXPECT_ERROR(EINVAL, mremap(place + 1, PAGE, PAGE, 0));
    EXPECT_ERROR(EINVAL, mremap(place, PAGE, 0, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_mremap, place, PAGE, PAGE, 0x100, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_mremap, place, PAGE, PAGE, MREMAP_FIXED, place + 8 * PAGE));
    EXPECT_ERROR(EINVAL, syscall(SYS_mremap, place, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, place + PAGE));
    EXPECT_ERROR(ENOMEM, mremap(place, PAGE, 2 * PAGE, 0));
    EXPECT(munmap(place + PAGE, PAGE) == 0);
    EXPECT_ERROR(EFAULT, mremap(place, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
    EXPECT_ERROR(EFAULT, mremap(place + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
}

TEST(mremap_moves_the_bytes) {
    char* place = map(4);
    memset(place, 7, 4 * PAGE);
    char* moved = static_cast<char*>(mremap(place, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
    EXPECT(moved != MAP_FAILED && moved != place);
    EXPECT(moved[0] == 7 && moved[2 * PAGE - 1] == 7 && moved[2 * PAGE] == 0);
    EXPECT(child_reading(place) == -SIGSEGV && place[2 * PAGE] == 7);
    EXPECT(mremap(moved, 8 * PAGE, PAGE, 0) == moved);
    EXPECT(child_reading(moved + PAGE) == -SIGSEGV);
    EXPECT(mremap(moved, PAGE, 4 * PAGE, 0) == moved && moved[0] == 7 && moved[PAGE] == 0);
}

TEST(madvise_dontneed_gives_zeroes_again) {
    char* place = map(3);
    memset(place, 7, 3 * PAGE);
    EXPECT(madvise(place + PAGE, PAGE, MADV_DONTNEED) == 0);
    EXPECT(place[PAGE - 1] == 7 && place[PAGE] == 0 && place[2 * PAGE] == 7);
    EXPECT_ERROR(EINVAL, madvise(place + 1, PAGE, MADV_DONTNEED));
    EXPECT_ERROR(EINVAL, madvise(place, PAGE, 12345));
    EXPECT(munmap(place + PAGE, PAGE) == 0);
    EXPECT_ERROR(ENOMEM, madvise(place, 3 * PAGE, MADV_DONTNEED));
}

// ---- brk, stack -----------------------------------------------------------------------------------------------------

char* raw_brk(char* wanted) { return reinterpret_cast<char*>(syscall(SYS_brk, wanted)); }

TEST(brk_answers_with_the_break) {
    char* start = raw_brk(nullptr);
    EXPECT(raw_brk(start + 12345) == start + 12345);
    start[12344] = 7;
    EXPECT(raw_brk(reinterpret_cast<char*>(16)) == start + 12345);
    EXPECT(raw_brk(reinterpret_cast<char*>(BEYOND)) == start + 12345);
    EXPECT(raw_brk(start) == start);
}

TEST(brk_gives_zeroes_after_a_shrink) {
    char* start = raw_brk(nullptr);
    char* page = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(start) + PAGE - 1) & -PAGE);
    EXPECT(raw_brk(page + 4 * PAGE) == page + 4 * PAGE);
    memset(page, 7, 4 * PAGE);
    EXPECT(raw_brk(page + PAGE + 1) == page + PAGE + 1);
    EXPECT(raw_brk(page + 4 * PAGE) == page + 4 * PAGE);
    EXPECT(page[2 * PAGE - 1] == 7 && page[2 * PAGE] == 0 && page[4 * PAGE - 1] == 0);
    EXPECT(raw_brk(page + PAGE) == page + PAGE);
    EXPECT(child_reading(page + PAGE) == -SIGSEGV);
}

TEST(brk_stops_at_a_mapping) {
    char* start = raw_brk(nullptr);
    char* page = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(start) + PAGE - 1) & -PAGE);
    EXPECT(mmap(page + 8 * PAGE, PAGE, RW, PRIVATE | MAP_FIXED_NOREPLACE, -1, 0) == page + 8 * PAGE);
    page[8 * PAGE] = 7;
    EXPECT(raw_brk(page + 9 * PAGE) == start);
    EXPECT(page[8 * PAGE] == 7);
}

// Uses 8 KiB a level; what it hands down keeps the compiler from making a loop of it.
[[gnu::noinline]] int use_stack(int depth, volatile char* caller = nullptr) {
    volatile char bytes[8192];
    bytes[0] = static_cast<char>(depth);
    return depth == 0 ? caller != nullptr : use_stack(depth - 1, bytes) + bytes[0];
}

TEST(the_stack_grows_to_its_limit) {
    EXPECT(child([] { use_stack(7 * 128); }) == 0);         // 7 MiB of 8
    EXPECT(child([] { use_stack(9 * 128); }) == -SIGSEGV);  // 9
}

// ---- fork, exec, wait -----------------------------------------------------------------------------------------------

TEST(fork_copies_private_memory) {
    char* place = map(2);
    memset(place, 7, 2 * PAGE);
    EXPECT(child([=] {
               EXPECT(place[0] == 7);
               place[0] = 8;
               EXPECT(place[0] == 8 && place[1] == 7);
           }) == 0);
    EXPECT(place[0] == 7);
    place[PAGE] = 9;
    EXPECT(child([=] { _exit(place[PAGE]); }) == 9);
}

TEST(fork_shares_shared_memory) {
    char* touched = map(1, RW, SHARED);
    char* untouched = map(1, RW, SHARED);
    touched[0] = 7;
    EXPECT(child([=] { untouched[0] = static_cast<char>(touched[0]++ + 2); }) == 0);
    EXPECT(touched[0] == 8 && untouched[0] == 9);
}

TEST(mprotect_keeps_copies_apart_after_fork) {
    char* place = map(1);
    place[0] = 7;
    EXPECT(child([=] {
               EXPECT(mprotect(place, PAGE, RW | PROT_EXEC) == 0);
               place[0] = 8;
           }) == 0);
    EXPECT(place[0] == 7);
}

TEST(wait_tells_how_a_child_ended) {
    EXPECT(child([] { _exit(42); }) == 42);
    EXPECT(child([] { abort(); }) == -SIGABRT);
    EXPECT(child([] { raise(SIGKILL); }) == -SIGKILL);
    EXPECT_ERROR(ECHILD, waitpid(-1, nullptr, 0));
}

TEST(exec_returns_every_error) {
    char* const arguments[] = {const_cast<char*>("x"), nullptr};
    char* const none[] = {nullptr};
    EXPECT_ERROR(ENOENT, execve("/no/such/program", arguments, none));
    EXPECT_ERROR(EACCES, execve("/etc/motd", arguments, none));
    EXPECT_ERROR(EACCES, execve("/bin", arguments, none));
    EXPECT_ERROR(ENOTDIR, execve("/etc/motd/x", arguments, none));
    EXPECT_ERROR(EFAULT, syscall(SYS_execve, 16, arguments, none));
    EXPECT_ERROR(EFAULT, syscall(SYS_execve, "/bin/true", 16, none));
    std::vector<char> longest(131072, 'x');
    longest.back() = 0;
    char* const fits[] = {longest.data(), nullptr};
    EXPECT(child([&] { execve("/bin/true", fits, none); }) == 0);
    std::vector<char> longer(131073, 'x');
    longer.back() = 0;
    char* const too_long[] = {longer.data(), nullptr};
    EXPECT_ERROR(E2BIG, execve("/bin/true", too_long, none));
}

TEST(exec_replaces_the_program) {
    char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>("exit 5"), nullptr};
    EXPECT(child([&] { execv("/bin/sh", arguments); }) == 5);
}

// ---- bad pointers, files --------------------------------------------------------------------------------------------

TEST(bad_pointers_give_efault) {
    EXPECT_ERROR(EFAULT, syscall(SYS_write, 1, 16, 1));
    EXPECT_ERROR(EFAULT, syscall(SYS_write, 1, BEYOND, 1));
    EXPECT_ERROR(EFAULT, syscall(SYS_write, 1, -4096l, 1));
    EXPECT_ERROR(EFAULT, syscall(SYS_uname, map(1, PROT_READ)));
    EXPECT_ERROR(EFAULT, syscall(SYS_openat, AT_FDCWD, 16, 0));
    char* last = map(2) + PAGE;
    EXPECT(munmap(last, PAGE) == 0);
    memset(last - 8, 'x', 8);
    EXPECT_ERROR(EFAULT, open(last - 8, O_RDONLY));
}

TEST(files_keep_what_is_written) {
    int file = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0644);
    EXPECT(file >= 0);
    iovec parts[] = {{const_cast<char*>("hello "), 6}, {const_cast<char*>("world"), 5}};
    EXPECT(writev(file, parts, 2) == 11);
    EXPECT(lseek(file, 6, SEEK_SET) == 6);
    char bytes[16] = {};
    EXPECT(read(file, bytes, sizeof bytes) == 5 && strcmp(bytes, "world") == 0);
    EXPECT(read(file, bytes, sizeof bytes) == 0);
    struct stat info;
    EXPECT(fstat(file, &info) == 0 && info.st_size == 11 && S_ISREG(info.st_mode));
    EXPECT(close(file) == 0);
    EXPECT_ERROR(EBADF, read(file, bytes, 1));
    EXPECT(stat("/tmp/file", &info) == 0 && info.st_size == 11);
    EXPECT_ERROR(ENOENT, open("/tmp/none", O_RDONLY));
    EXPECT_ERROR(EEXIST, open("/tmp/file", O_RDWR | O_CREAT | O_EXCL, 0644));
    EXPECT_ERROR(EISDIR, open("/tmp", O_RDWR));
}

TEST(descriptors_are_the_lowest_free) {
    int first = open("/etc/motd", O_RDONLY);
    EXPECT(first >= 3);
    int copy = dup(first);
    EXPECT(copy == first + 1);
    EXPECT(close(first) == 0 && open("/etc/motd", O_RDONLY) == first);
    EXPECT(dup3(first, 40, O_CLOEXEC) == 40 && fcntl(40, F_GETFD) == FD_CLOEXEC);
    EXPECT_ERROR(EINVAL, dup3(first, first, 0));
    EXPECT_ERROR(EBADF, dup3(99, 40, 0));
    char one = 0, two = 0;
    EXPECT(lseek(copy, 1, SEEK_SET) == 1 && pread(copy, &one, 1, 0) == 1 && read(copy, &two, 1) == 1 && one == 'W');
}

// ---- the rest -------------------------------------------------------------------------------------------------------

TEST(the_system_says_what_it_is) {
    utsname name;
    EXPECT(uname(&name) == 0 && strcmp(name.machine, "riscv64") == 0);
    struct sysinfo info;
    EXPECT(sysinfo(&info) == 0 && info.totalram > 0 && info.freeram <= info.totalram);
    rlimit limit;
    EXPECT(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur == 8 << 20);
    EXPECT(getpid() == gettid() && getppid() > 0 && getuid() == 0 && getegid() == 0);
    EXPECT_ERROR(ENOSYS, syscall(4095));
}

TEST(the_clock_goes_forward) {
    timespec before, after;
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    use_stack(100);
    EXPECT(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    EXPECT(after.tv_sec > before.tv_sec || (after.tv_sec == before.tv_sec && after.tv_nsec > before.tv_nsec));
    EXPECT_ERROR(EINVAL, syscall(SYS_clock_gettime, 12345, &before));
}

TEST(two_processes_share_the_processor) {
    auto* turn = reinterpret_cast<volatile int*>(map(1, RW, SHARED));
    pid_t pid = fork();
    EXPECT(pid >= 0);
    if (pid == 0) {
        while (*turn == 0) {  // only preemption lets the parent go on
        }
        _exit(3);
    }
    *turn = 1;
    int status = 0;
    EXPECT(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
}

}  // namespace
