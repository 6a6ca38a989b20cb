// Moving bytes in other ways than read and write, room made before, what statx tells, and what reaches the disk.

#include <linux/stat.h>
#include <sys/ioctl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "transfers";

TEST(sendfile_copies_between_files) {
    std::string content(3 * PAGE + 100, 0);
    for (size_t i = 0; i < content.size(); i++) {
        content[i] = static_cast<char>(i * 13 + i / 251);
    }
    int from = make_file("from", content), to = make_file("to", "head ");
    EXPECT(lseek(from, 0, SEEK_SET) == 0 && sendfile(to, from, nullptr, 10) == 10);
    EXPECT(lseek(from, 0, SEEK_CUR) == 10 && content_of("to") == "head " + content.substr(0, 10));
    off_t at = PAGE + 1;
    EXPECT(sendfile(to, from, &at, 1 << 20) == static_cast<ssize_t>(2 * PAGE + 99) && at == static_cast<off_t>(content.size()));
    EXPECT(lseek(from, 0, SEEK_CUR) == 10);
    EXPECT(content_of("to") == "head " + content.substr(0, 10) + content.substr(PAGE + 1));
    EXPECT(sendfile(to, from, &at, 10) == 0);
    EXPECT(lseek(from, 0, SEEK_SET) == 0 && sendfile(to, from, nullptr, 0) == 0);
}

TEST(sendfile_fills_a_pipe) {
    int ends[2], from = make_file("from", std::string(10'000, 'x') + "end");
    EXPECT(pipe(ends) == 0 && lseek(from, 0, SEEK_SET) == 0 && sendfile(ends[1], from, nullptr, 20'000) == 10'003);
    std::string got(20'000, 0);
    EXPECT(read(ends[0], got.data(), got.size()) == 10'003 && got.substr(0, 10'003) == content_of("from"));
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    off_t at = 0;
    EXPECT_ERROR(EPIPE, sendfile(ends[1], from, &at, 10));
}

TEST(sendfile_says_what_is_wrong) {
    int from = make_file("from", "x"), ends[2], null = open("/dev/null", O_WRONLY);
    EXPECT(pipe(ends) == 0);
    EXPECT_ERROR(EINVAL, sendfile(from, ends[0], nullptr, 1));
    EXPECT_ERROR(EBADF, sendfile(from, 99, nullptr, 1));
    EXPECT_ERROR(EBADF, sendfile(99, from, nullptr, 1));
    EXPECT_ERROR(EBADF, sendfile(open("from", O_RDONLY), from, nullptr, 1));
    EXPECT_ERROR(EBADF, sendfile(null, open("from", O_WRONLY), nullptr, 1));
    EXPECT_ERROR(EINVAL, sendfile(open("from", O_WRONLY | O_APPEND), open("from", O_RDONLY), nullptr, 1));
    off_t before = -1;
    EXPECT_ERROR(EINVAL, sendfile(null, from, &before, 1));
    EXPECT_ERROR(EFAULT, syscall(SYS_sendfile, null, from, BAD_ADDRESS, 1));
    EXPECT(lseek(from, 0, SEEK_SET) == 0 && sendfile(null, from, nullptr, 10) == 1);
}

TEST(room_can_be_made_before) {
    int fd = make_file("f", "abc");
    EXPECT(posix_fallocate(fd, 0, 2) == 0 && stat_of("f").st_size == 3);
    EXPECT(posix_fallocate(fd, 10, 3 * PAGE) == 0 && stat_of("f").st_size == 3 * PAGE + 10);
    EXPECT(content_of("f").substr(0, 5) == std::string("abc\0\0", 5));
}

TEST(files_end_where_no_offset_goes) {
    int fd = make_file("f");
    EXPECT_ERROR(EINVAL, pwrite(fd, "x", 1, LONG_MAX));
    EXPECT_ERROR(EINVAL, pread(fd, &fd, 2, LONG_MAX - 1));
    EXPECT_ERROR(EINVAL, lseek(fd, -1, SEEK_CUR));
    EXPECT(stat_of("f").st_size == 0);
}

TEST(statx_tells_what_stat_does) {
    close(make_file("f", "12345"));
    EXPECT(chmod("f", 0640) == 0 && link("f", "g") == 0 && symlink("f", "s") == 0);
    struct statx info;
    struct stat plain = stat_of("f");
    EXPECT(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, &info) == 0);
    EXPECT((info.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS && info.stx_size == 5 && info.stx_mode == (S_IFREG | 0640));
    EXPECT(info.stx_nlink == 2 && info.stx_ino == plain.st_ino && info.stx_blksize == 4096 && info.stx_uid == 0);
    EXPECT(info.stx_mtime.tv_sec == plain.st_mtim.tv_sec && info.stx_ctime.tv_nsec == plain.st_ctim.tv_nsec);
    EXPECT(makedev(info.stx_dev_major, info.stx_dev_minor) == plain.st_dev);
    EXPECT(syscall(SYS_statx, AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, 0, &info) == 0 && S_ISLNK(info.stx_mode));
    EXPECT(syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, STATX_BASIC_STATS, &info) == 0);
    EXPECT(info.stx_rdev_major == 1 && info.stx_rdev_minor == 3);
    EXPECT(syscall(SYS_statx, open("f", O_RDONLY), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) == 0 && info.stx_size == 5);
    EXPECT_ERROR(EINVAL, syscall(SYS_statx, AT_FDCWD, "f", 0x10'0000, 0, &info));
    EXPECT_ERROR(EINVAL, syscall(SYS_statx, AT_FDCWD, "f", 0x6000, 0, &info));
    EXPECT_ERROR(EINVAL, syscall(SYS_statx, AT_FDCWD, "f", 0, 0x8000'0000, &info));
    EXPECT_ERROR(ENOENT, syscall(SYS_statx, AT_FDCWD, "", 0, 0, &info));
    EXPECT_ERROR(EFAULT, syscall(SYS_statx, AT_FDCWD, "f", 0, 0, BAD_ADDRESS));
}

TEST(what_is_written_can_be_made_to_last) {
    int fd = make_file("f", "x"), ends[2];
    EXPECT(fsync(fd) == 0 && fdatasync(fd) == 0 && syncfs(fd) == 0);
    sync();
    EXPECT(fsync(open(".", O_RDONLY)) == 0);
    EXPECT(pipe(ends) == 0);
    EXPECT_ERROR(EINVAL, fsync(ends[0]));
    for (int wrong : {99, -1}) {
        EXPECT_ERROR(EBADF, fsync(wrong));
        EXPECT_ERROR(EBADF, syncfs(wrong));
        EXPECT_ERROR(EBADF, ftruncate(wrong, 0));
        EXPECT_ERROR(EBADF, fchmod(wrong, 0600));
        EXPECT_ERROR(EBADF, fchown(wrong, 0, 0));
        EXPECT_ERROR(EBADF, ioctl(wrong, FIONREAD, &fd));
        EXPECT_ERROR(EBADF, fcntl(wrong, F_SETFL, 0));
    }
}

}  // namespace
