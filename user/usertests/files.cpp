// Open files: bytes, offsets, descriptors.

#include <algorithm>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <termios.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "files";

// ---- bytes ----------------------------------------------------------------------------------------------------------

TEST(the_offset_goes_with_the_open_file) {
    int fd = make_file("f", "0123456789");
    int copy = dup(fd), other = open("f", O_RDONLY);
    char c;
    EXPECT(lseek(fd, 3, SEEK_SET) == 3 && read(copy, &c, 1) == 1 && c == '3' && lseek(fd, 0, SEEK_CUR) == 4);
    EXPECT(child([&] { EXPECT(read(fd, &c, 1) == 1 && c == '4'); }) == 0);
    EXPECT(read(fd, &c, 1) == 1 && c == '5' && read(other, &c, 1) == 1 && c == '0');
    EXPECT(lseek(fd, -1, SEEK_END) == 9 && lseek(fd, 5, SEEK_CUR) == 14 && read(fd, &c, 1) == 0);
    EXPECT_ERROR(EINVAL, lseek(fd, -1, SEEK_SET));
    EXPECT_ERROR(EINVAL, lseek(fd, 0, 99));
    EXPECT(lseek(fd, LONG_MAX, SEEK_SET) == LONG_MAX && lseek(fd, 14, SEEK_SET) == 14);
    EXPECT_ERROR(EINVAL, lseek(fd, LONG_MAX, SEEK_CUR));
    EXPECT(pread(fd, &c, 1, 2) == 1 && c == '2' && lseek(fd, 0, SEEK_CUR) == 14);
    EXPECT_ERROR(EINVAL, pread(fd, &c, 1, -1));
    EXPECT_ERROR(EINVAL, pwrite(fd, &c, 1, -1));
}

TEST(a_hole_reads_as_zeroes) {
    int fd = make_file("f");
    EXPECT(pwrite(fd, "end", 3, 10 * PAGE + 5) == 3 && stat_of("f").st_size == 10 * PAGE + 8);
    char bytes[100];
    memset(bytes, 1, sizeof(bytes));
    EXPECT(pread(fd, bytes, 100, 3 * PAGE - 50) == 100 && std::all_of(bytes, bytes + 100, [](char c) { return c == 0; }));
    EXPECT(pread(fd, bytes, 100, 10 * PAGE + 2) == 6 && memcmp(bytes, "\0\0\0end", 6) == 0);
}

TEST(append_writes_at_the_end) {
    int fd = make_file("f", "start");
    int end = open("f", O_WRONLY | O_APPEND);
    EXPECT(lseek(end, 0, SEEK_SET) == 0 && write(end, "+1", 2) == 2 && write(fd, "+2", 2) == 2);
    EXPECT(write(end, "+3", 2) == 2 && content_of("f") == "start+2+3");
    EXPECT(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_RDWR));
    EXPECT(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "+4", 2) == 2 && content_of("f") == "start+2+3+4");
}

TEST(truncation_cuts_and_extends) {
    int fd = make_file("f", std::string(2 * PAGE, 'x'));
    EXPECT(ftruncate(fd, 100) == 0 && ftruncate(fd, 200) == 0);
    EXPECT(content_of("f") == std::string(100, 'x') + std::string(100, '\0'));
    EXPECT(truncate("f", 3) == 0 && content_of("f") == "xxx");
    EXPECT_ERROR(EINVAL, ftruncate(fd, -1));
    EXPECT_ERROR(EINVAL, ftruncate(open("f", O_RDONLY), 1));
    EXPECT_ERROR(EISDIR, truncate(".", 1));
    EXPECT_ERROR(ENOENT, truncate("missing", 1));
    EXPECT_ERROR(EBADF, ftruncate(99, 1));
}

TEST(transfers_with_bad_memory_stop_there) {
    int fd = make_file("f", std::string(3 * PAGE, 'x'));
    auto* pages = static_cast<char*>(mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT(munmap(pages + PAGE, PAGE) == 0);
    EXPECT(pread(fd, pages, 2 * PAGE, 0) == PAGE && pages[PAGE - 1] == 'x');
    EXPECT_ERROR(EFAULT, pread(fd, pages + PAGE, 10, 0));
    int other = make_file("g");
    EXPECT(write(other, pages + 128, 2 * PAGE) == PAGE - 128 && stat_of("g").st_size == PAGE - 128);
    EXPECT_ERROR(EFAULT, write(other, pages + PAGE, 10));
    EXPECT(stat_of("g").st_size == PAGE - 128);
    EXPECT_ERROR(EFAULT, syscall(SYS_read, fd, -4096l, 1));
    EXPECT_ERROR(EFAULT, stat("f", reinterpret_cast<struct stat*>(BAD_ADDRESS)));
}

TEST(vectors_move_in_one_call) {
    int fd = make_file("f");
    char one[] = "one ", two[] = "two";
    iovec out[] = {{one, 4}, {nullptr, 0}, {two, 3}};
    EXPECT(writev(fd, out, 3) == 7 && content_of("f") == "one two");
    char a[2], b[20];
    iovec in[] = {{a, 2}, {b, 20}};
    EXPECT(preadv(fd, in, 2, 1) == 6 && memcmp(a, "ne", 2) == 0 && memcmp(b, " two", 4) == 0);
    EXPECT_ERROR(EINVAL, syscall(SYS_readv, fd, in, -1));
    EXPECT_ERROR(EINVAL, syscall(SYS_readv, fd, in, 1025));
    iovec wrong[] = {{a, static_cast<size_t>(-1)}};
    EXPECT_ERROR(EINVAL, readv(fd, wrong, 1));
    EXPECT_ERROR(EFAULT, syscall(SYS_readv, fd, BAD_ADDRESS, 1));
    EXPECT(readv(fd, in, 0) == 0);
}

TEST(a_file_can_be_written_from_its_own_mapping) {
    int fd = make_file("f", std::string(2 * PAGE, 'x'));
    auto* mapped = static_cast<char*>(mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    EXPECT(mapped != MAP_FAILED);
    mapped[0] = 'y';
    EXPECT(pwrite(fd, mapped, PAGE, PAGE) == PAGE && mapped[PAGE] == 'y');
    EXPECT(pread(fd, mapped + 1, PAGE, PAGE) == PAGE && mapped[1] == 'y');
    EXPECT(pwrite(fd, "z", 1, 5) == 1 && mapped[5] == 'z');
}

TEST(a_file_has_its_times) {
    int fd = make_file("f");
    timespec times[2] = {{1'000'000, 1}, {2'000'000, 2}};
    EXPECT(futimens(fd, times) == 0 && stat_of("f").st_atim.tv_sec == 1'000'000 && stat_of("f").st_mtim.tv_nsec == 2);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    EXPECT(utimensat(AT_FDCWD, "f", times, 0) == 0 && stat_of("f").st_atim.tv_sec == 1'000'000);
    EXPECT(stat_of("f").st_mtim.tv_sec != 2'000'000);
    times[0].tv_nsec = 1'000'000'000;
    EXPECT_ERROR(EINVAL, futimens(fd, times));
    EXPECT(chmod("f", 04751) == 0 && stat_of("f").st_mode == (S_IFREG | 04751));
    EXPECT(chown("f", 12, -1) == 0 && stat_of("f").st_uid == 12 && stat_of("f").st_gid == 0);
}

TEST(access_asks_for_an_execute_bit) {
    close(make_file("f"));
    EXPECT(access("f", R_OK | W_OK) == 0 && access(".", X_OK) == 0);
    EXPECT_ERROR(EACCES, access("f", X_OK));
    EXPECT(chmod("f", 0010) == 0 && access("f", X_OK) == 0);
    EXPECT_ERROR(EINVAL, syscall(SYS_faccessat, AT_FDCWD, "f", 8));
    EXPECT_ERROR(ENOENT, access("missing", F_OK));
}

TEST(access_can_look_at_the_link_or_the_open_file) {
    int fd = make_file("f");
    auto access2 = [](int at, const char* path, int flags) { return syscall(SYS_faccessat2, at, path, R_OK, flags); };
    EXPECT(symlink("missing", "link") == 0 && access2(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW) == 0);
    EXPECT_ERROR(ENOENT, access2(AT_FDCWD, "link", 0));
    EXPECT(access2(fd, "", AT_EMPTY_PATH) == 0 && access2(AT_FDCWD, "f", AT_EACCESS) == 0 && eaccess("f", R_OK) == 0);
    EXPECT_ERROR(ENOENT, access2(fd, "", 0));
    EXPECT_ERROR(EINVAL, access2(AT_FDCWD, "f", 1));
    EXPECT_ERROR(EBADF, access2(99, "f", 0));
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

TEST(descriptors_end_at_their_limit) {
    EXPECT_ERROR(EBADF, close(99));
    EXPECT_ERROR(EBADF, fcntl(99, F_GETFD));
    EXPECT_ERROR(EINVAL, fcntl(0, F_DUPFD, 1 << 30));
    EXPECT_ERROR(EBADF, dup2(0, 1 << 30));
    EXPECT(fcntl(1, F_DUPFD, 50) == 50 && fcntl(1, F_DUPFD_CLOEXEC, 50) == 51 && fcntl(51, F_GETFD) == FD_CLOEXEC);
    EXPECT(dup2(1, 1) == 1);
    int count = 0;
    while (dup(1) >= 0) {
        count++;
    }
    EXPECT(errno == EMFILE && count > 900);
    EXPECT_ERROR(EMFILE, open("/", O_RDONLY));
    int ends[2];
    EXPECT_ERROR(EMFILE, pipe(ends));
    EXPECT(close(700) == 0 && dup(1) == 700);
}

TEST(a_regular_file_can_be_made_as_a_node) {
    EXPECT(mknod("f", S_IFREG | 0640, 0) == 0 && stat_of("f").st_mode == (S_IFREG | 0640) && mknod("g", 0600, 0) == 0);
    EXPECT_ERROR(EEXIST, mknod("f", S_IFREG | 0600, 0));
    EXPECT_ERROR(EPERM, mknod("d", S_IFDIR | 0700, 0));
    EXPECT_ERROR(ENOENT, mknod("missing/f", S_IFREG | 0700, 0));
}

TEST(a_path_descriptor_names_a_file) {
    close(make_file("f", "x"));
    int fd = open("f", O_PATH);
    struct stat info;
    EXPECT(fd >= 0 && fstat(fd, &info) == 0 && info.st_size == 1);
    EXPECT(mkdir("d", 0755) == 0 && symlink("f", "d/l") == 0);
    int directory = open("d", O_PATH | O_DIRECTORY);
    EXPECT(directory >= 0 && faccessat(directory, "../f", F_OK, 0) == 0 && fchdir(directory) == 0);
    EXPECT_ERROR(ENOTDIR, open("../f", O_PATH | O_DIRECTORY));
}

}  // namespace
