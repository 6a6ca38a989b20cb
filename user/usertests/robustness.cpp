// Pointers that lead nowhere, in every call that takes one: EFAULT, and nothing else happens.

#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "robustness";

constexpr long BAD = 0x6261'6421;  // stands for the pointer in a list of arguments

struct BadCall {
    const char* name;
    long number;
    long arguments[6];
};

// Nothing is mapped there; nothing may be written there; no user can have it; the highest addresses.
std::vector<long> bad_pointers(bool is_written) {
    char* pages = map(2);
    EXPECT(munmap(pages + PAGE, PAGE) == 0);
    std::vector<long> pointers = {8, reinterpret_cast<long>(pages + PAGE), static_cast<long>(BEYOND), -4096, -8,
                                  static_cast<long>(0xffffffc080200000)};
    if (is_written) pointers.push_back(reinterpret_cast<long>(map(1, PROT_READ)));
    return pointers;
}

void expect_efault(const std::vector<BadCall>& calls, bool is_written) {
    for (const BadCall& call : calls)
        for (long pointer : bad_pointers(is_written)) {
            long arguments[6];
            for (int i = 0; i < 6; i++)
                arguments[i] = call.arguments[i] == BAD ? pointer : call.arguments[i];
            errno = 0;
            long result = syscall(call.number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
            if (result != -1 || errno != EFAULT)
                fail_test("%s with %#lx gave %ld, errno %s", call.name, pointer, result, strerrorname_np(errno));
        }
}

long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

int open_file() {
    int fd = open("file", O_RDWR | O_CREAT, 0644);
    EXPECT(fd >= 0 && write(fd, "some bytes", 10) == 10 && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

TEST(reading_files) {
    int fd = open_file(), directory = open(".", O_RDONLY);
    expect_efault({{"read", SYS_read, {fd, BAD, 4}},
                   {"pread64", SYS_pread64, {fd, BAD, 4, 0}},
                   {"getdents64", SYS_getdents64, {directory, BAD, 1000}},
                   {"fstat", SYS_fstat, {fd, BAD}},
                   {"fstatfs", SYS_fstatfs, {fd, BAD}},
                   {"getcwd", SYS_getcwd, {BAD, 4096}}},
                  true);
    expect_efault({{"readv", SYS_readv, {fd, BAD, 1}}, {"preadv", SYS_preadv, {fd, BAD, 1, 0}}}, false);
    char bytes[4];
    EXPECT(read(fd, bytes, 4) == 4 && memcmp(bytes, "some", 4) == 0);  // the offset has not moved
}

TEST(writing_files) {
    int fd = open_file(), copy = open("copy", O_RDWR | O_CREAT, 0644);
    expect_efault({{"write", SYS_write, {fd, BAD, 4}},
                   {"pwrite64", SYS_pwrite64, {fd, BAD, 4, 0}},
                   {"writev", SYS_writev, {fd, BAD, 1}},
                   {"pwritev", SYS_pwritev, {fd, BAD, 1, 0}},
                   {"sendfile", SYS_sendfile, {copy, fd, BAD, 4}}},
                  false);
    struct stat info;
    EXPECT(fstat(fd, &info) == 0 && info.st_size == 10);
}

TEST(vectors_of_bad_memory) {
    int fd = open_file();
    for (long pointer : bad_pointers(false)) {
        iovec vector[] = {{reinterpret_cast<void*>(pointer), 4}};
        EXPECT_ERROR(EFAULT, writev(fd, vector, 1));
        EXPECT_ERROR(EFAULT, readv(fd, vector, 1));
    }
    char byte = 'x';
    iovec vector[] = {{&byte, 1}, {reinterpret_cast<void*>(BAD_ADDRESS), 4}};
    EXPECT(pwritev(fd, vector, 2, 0) == 1 && preadv(fd, vector, 2, 3) == 1 && byte == 'e');  // what comes before it counts
}

TEST(paths) {
    close(open_file());
    long good = address("file");
    expect_efault({{"openat", SYS_openat, {AT_FDCWD, BAD, O_RDONLY}},
                   {"newfstatat", SYS_newfstatat, {AT_FDCWD, BAD, address(map(1)), 0}},
                   {"statx", SYS_statx, {AT_FDCWD, BAD, 0, STATX_BASIC_STATS, address(map(1))}},
                   {"statfs", SYS_statfs, {BAD, address(map(1))}},
                   {"readlinkat", SYS_readlinkat, {AT_FDCWD, BAD, address(map(1)), 100}},
                   {"mkdirat", SYS_mkdirat, {AT_FDCWD, BAD, 0755}},
                   {"mknodat", SYS_mknodat, {AT_FDCWD, BAD, S_IFREG | 0600, 0}},
                   {"unlinkat", SYS_unlinkat, {AT_FDCWD, BAD, 0}},
                   {"symlinkat", SYS_symlinkat, {BAD, AT_FDCWD, address("new")}},
                   {"symlinkat", SYS_symlinkat, {address("x"), AT_FDCWD, BAD}},
                   {"linkat", SYS_linkat, {AT_FDCWD, BAD, AT_FDCWD, address("new"), 0}},
                   {"linkat", SYS_linkat, {AT_FDCWD, good, AT_FDCWD, BAD, 0}},
                   {"renameat2", SYS_renameat2, {AT_FDCWD, BAD, AT_FDCWD, address("new"), 0}},
                   {"renameat2", SYS_renameat2, {AT_FDCWD, good, AT_FDCWD, BAD, 0}},
                   {"faccessat", SYS_faccessat, {AT_FDCWD, BAD, 0}},
                   {"fchmodat", SYS_fchmodat, {AT_FDCWD, BAD, 0644}},
                   {"fchownat", SYS_fchownat, {AT_FDCWD, BAD, 0, 0, 0}},
                   {"truncate", SYS_truncate, {BAD, 0}},
                   {"chdir", SYS_chdir, {BAD}},
                   {"mount", SYS_mount, {address("none"), BAD, address("tmpfs"), 0, 0}},
                   {"umount2", SYS_umount2, {BAD, 0}},
                   {"execve", SYS_execve, {BAD, 0, 0}}},
                  false);
    EXPECT(access("new", F_OK) != 0 && access("file", F_OK) == 0);
}

TEST(what_is_told_of_paths) {
    close(open_file());
    EXPECT(symlink("file", "link") == 0);
    expect_efault({{"newfstatat", SYS_newfstatat, {AT_FDCWD, address("file"), BAD, 0}},
                   {"statx", SYS_statx, {AT_FDCWD, address("file"), 0, STATX_BASIC_STATS, BAD}},
                   {"statfs", SYS_statfs, {address("file"), BAD}},
                   {"readlinkat", SYS_readlinkat, {AT_FDCWD, address("link"), BAD, 100}}},
                  true);
}

TEST(arguments_of_programs) {
    expect_efault({{"execve", SYS_execve, {address("/bin/true"), BAD, 0}},
                   {"execve", SYS_execve, {address("/bin/true"), 0, BAD}}},
                  false);
    for (long pointer : bad_pointers(false)) {
        const long words[] = {address("true"), pointer, 0};
        EXPECT_ERROR(EFAULT, syscall(SYS_execve, "/bin/true", words, nullptr));
    }
}

TEST(descriptors) {
    expect_efault({{"pipe2", SYS_pipe2, {BAD, 0}}}, true);
    int fd = dup(0);
    EXPECT(fd == 3);  // no descriptor was lost
    expect_efault({{"ppoll", SYS_ppoll, {BAD, 1, 0, 0, 8}}, {"ppoll", SYS_ppoll, {0, 0, BAD, 0, 8}}}, false);
    expect_efault({{"pselect6", SYS_pselect6, {4, BAD, 0, 0, 0, 0}}, {"pselect6", SYS_pselect6, {4, 0, 0, 0, BAD, 0}}}, false);
    expect_efault({{"fcntl", SYS_fcntl, {fd, F_GETLK, BAD}}, {"fcntl", SYS_fcntl, {fd, F_SETLK, BAD}}}, false);
}

TEST(processes) {
    pid_t pid = start([] {});
    siginfo_t info;
    EXPECT(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
    expect_efault({{"waitid", SYS_waitid, {P_PID, pid, BAD, WEXITED | WNOWAIT, 0}}}, true);
    EXPECT(wait_for(pid) == 0);
    expect_efault({{"uname", SYS_uname, {BAD}},
                   {"sysinfo", SYS_sysinfo, {BAD}},
                   {"times", SYS_times, {BAD}},
                   {"getrusage", SYS_getrusage, {0, BAD}},
                   {"prlimit64", SYS_prlimit64, {0, 7, 0, BAD}},
                   {"getrandom", SYS_getrandom, {BAD, 16, 0}},
                   {"sched_getaffinity", SYS_sched_getaffinity, {0, 8, BAD}}},
                  true);
    expect_efault({{"prlimit64", SYS_prlimit64, {0, 7, BAD, 0}}}, false);
}

TEST(signals) {
    expect_efault({{"rt_sigaction", SYS_rt_sigaction, {SIGUSR1, 0, BAD, 8}},
                   {"rt_sigprocmask", SYS_rt_sigprocmask, {SIG_BLOCK, 0, BAD, 8}},
                   {"rt_sigpending", SYS_rt_sigpending, {BAD, 8}},
                   {"sigaltstack", SYS_sigaltstack, {0, BAD}}},
                  true);
    expect_efault({{"rt_sigaction", SYS_rt_sigaction, {SIGUSR1, BAD, 0, 8}},
                   {"rt_sigprocmask", SYS_rt_sigprocmask, {SIG_BLOCK, BAD, 0, 8}},
                   {"rt_sigsuspend", SYS_rt_sigsuspend, {BAD, 8}},
                   {"rt_sigtimedwait", SYS_rt_sigtimedwait, {BAD, 0, 0, 8}},
                   {"sigaltstack", SYS_sigaltstack, {BAD, 0}}},
                  false);
}

TEST(time_and_futexes) {
    expect_efault({{"clock_gettime", SYS_clock_gettime, {0, BAD}}, {"clock_getres", SYS_clock_getres, {0, BAD}}}, true);
    expect_efault({{"nanosleep", SYS_nanosleep, {BAD, 0}},
                   {"clock_nanosleep", SYS_clock_nanosleep, {0, 0, BAD, 0}},
                   {"setitimer", SYS_setitimer, {0, BAD, 0}},
                   {"utimensat", SYS_utimensat, {AT_FDCWD, address("."), BAD, 0}}},
                  false);
    for (long pointer : {8l, 0l})
        EXPECT_ERROR(EFAULT, syscall(SYS_futex, pointer, 0, 0, nullptr));
    EXPECT_ERROR(EINVAL, syscall(SYS_futex, map(1) + 1, 0, 0, nullptr));
}

TEST(registers_hold_more_than_an_int) {
    long high = 0x1'0000'0000;
    int fd = open_file();
    EXPECT(syscall(SYS_lseek, high + fd, 3, high + SEEK_SET) == 3);  // an int is the lower half
    EXPECT(syscall(SYS_dup3, high + fd, high + 40, 0) == 40 && close(40) == 0);
    EXPECT_ERROR(EBADF, syscall(SYS_close, high + 99));
    EXPECT_ERROR(ESRCH, syscall(SYS_kill, high + 999'999, 0));
    EXPECT(syscall(SYS_kill, high + getpid(), high) == 0);
}

TEST(calls_without_a_number_do_nothing) {
    for (long number : {-1l, 244l, 245l, 259l + 1000, 10'000l, 1l << 31, 1l << 40, 1l << 62})
        EXPECT_ERROR(ENOSYS, syscall(number, 1, 2, 3, 4, 5, 6));
}

// Until the end of the address space, or around it.
TEST(lengths_that_do_not_fit) {
    int fd = open_file(), zero = open("/dev/zero", O_RDWR);
    char* page = map(1);
    for (unsigned long length : {1ul << 63, -1ul, -4096ul}) {
        long result = syscall(SYS_write, fd, page, length);
        EXPECT(result == -1 && (errno == EINVAL || errno == EFAULT));
        result = syscall(SYS_read, zero, page, length);
        EXPECT(result == -1 && (errno == EINVAL || errno == EFAULT));
    }
    char* low = static_cast<char*>(mmap(reinterpret_cast<void*>(1ul << 30), PAGE, RW, PRIVATE | MAP_FIXED, -1, 0));
    EXPECT(syscall(SYS_pread64, fd, low, 1ul << 30, 0) == 10);  // the file ends before the memory does
    EXPECT_ERROR(EFAULT, syscall(SYS_pread64, fd, low, 1ul << 40, 0));
    EXPECT_ERROR(EINVAL, syscall(SYS_pread64, fd, page, 10, -1));
    EXPECT_ERROR(EINVAL, syscall(SYS_pread64, fd, page, 10, (1ul << 63) - 1));
    EXPECT_ERROR(EINVAL, syscall(SYS_pwrite64, fd, page, 10, (1ul << 63) - 1));
    EXPECT_ERROR(EINVAL, ftruncate(fd, -1));
}

}  // namespace
