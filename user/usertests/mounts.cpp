// Mounts.

#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/vfs.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "mounts";

std::string mount_line(const std::string& place) {
    std::string mounts = content_of("/proc/mounts"), lines;
    for (size_t at = 0, end; (end = mounts.find('\n', at)) != mounts.npos; at = end + 1) {
        std::string line = mounts.substr(at, end - at);
        if (line.find(" " + place + " ") != line.npos) {
            lines += line.substr(0, line.find(' ', line.find(place) + place.size() + 1));
        }
    }
    return lines;
}

TEST(a_mount_covers_a_directory) {
    std::string here = working_directory();
    EXPECT(mkdir("d", 0755) == 0);
    close(make_file("d/below"));
    unsigned long covered = stat_of("d").st_ino;
    EXPECT(mount("some", "d", "tmpfs", 0, nullptr) == 0);
    EXPECT(!is_there("d/below") && stat_of("d").st_dev != stat_of(".").st_dev);
    EXPECT(mount_line(here + "/d") == "some " + here + "/d tmpfs");
    EXPECT(names_in("d").size() == 2 && stat_of("d/..").st_ino == stat_of(".").st_ino);
    close(make_file("d/above", "x"));
    EXPECT(mkdir("d/sub", 0755) == 0 && chdir("d/sub") == 0 && working_directory() == here + "/d/sub");
    EXPECT(content_of("../../d/above") == "x" && chdir("../..") == 0 && working_directory() == here);
    struct statfs info;
    EXPECT(statfs("d", &info) == 0 && info.f_type == 0x01021994);
    EXPECT_ERROR(EXDEV, rename("d/above", "moved"));
    EXPECT_ERROR(EXDEV, link("d/above", "linked"));
    EXPECT(umount("d") == 0 && is_there("d/below") && !is_there("d/above") && stat_of("d").st_ino == covered);
    EXPECT(mount_line(here + "/d") == "");
}

TEST(what_is_in_use_stays) {
    EXPECT(mkdir("d", 0755) == 0 && mount("none", "d", "tmpfs", 0, nullptr) == 0);
    EXPECT_ERROR(EBUSY, rmdir("d"));
    EXPECT_ERROR(EBUSY, rename("d", "e"));
    int fd = make_file("d/f", "content");
    EXPECT_ERROR(EBUSY, umount("d"));
    EXPECT(close(fd) == 0 && chdir("d") == 0);
    EXPECT_ERROR(EBUSY, umount("../d"));
    EXPECT(chdir("..") == 0 && mkdir("d/e", 0755) == 0 && mount("none", "d/e", "tmpfs", 0, nullptr) == 0);
    EXPECT_ERROR(EBUSY, umount("d"));
    EXPECT(umount("d/e") == 0);
    EXPECT(umount("d") == 0 && !is_there("d/f"));
    EXPECT_ERROR(EINVAL, umount("d"));
    EXPECT(rmdir("d") == 0);
}

TEST(mounts_lie_on_each_other) {
    EXPECT(mkdir("d", 0755) == 0 && mount("one", "d", "tmpfs", 0, nullptr) == 0);
    close(make_file("d/one"));
    EXPECT(mount("two", "d", "tmpfs", 0, nullptr) == 0 && !is_there("d/one"));
    close(make_file("d/two"));
    EXPECT(stat_of("d/..").st_ino == stat_of(".").st_ino);
    EXPECT(umount("d") == 0 && is_there("d/one") && !is_there("d/two") && umount("d") == 0 && !is_there("d/one"));
}

TEST(a_mount_on_one_of_its_kind_keeps_only_that) {
    EXPECT(mkdir("d", 0755) == 0 && mount("lower", "d", "proc", 0, nullptr) == 0);
    EXPECT(mount("upper", "d", "proc", 0, nullptr) == 0 && is_there("d/1/stat"));
    if (mount("inner", "d/1", "proc", 0, nullptr) == 0) EXPECT(umount("d/1") == 0);  // Linux can, we cannot
    EXPECT(umount("d") == 0 && is_there("d/1/stat") && umount("d") == 0 && !is_there("d/1"));
}

TEST(a_read_only_mount_does_not_change) {
    EXPECT(mkdir("d", 0755) == 0 && mount("none", "d", "tmpfs", 0, nullptr) == 0);
    close(make_file("d/f", "x"));
    close(make_file("g"));
    EXPECT(mkdir("d/e", 0755) == 0 && mount("none", "d", nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    EXPECT_ERROR(EROFS, open("d/f", O_WRONLY));
    EXPECT_ERROR(EROFS, open("d/f", O_RDONLY | O_TRUNC));
    EXPECT_ERROR(EROFS, open("d/new", O_RDONLY | O_CREAT, 0644));
    EXPECT_ERROR(EEXIST, open("d/f", O_RDONLY | O_CREAT | O_EXCL, 0644));
    EXPECT_ERROR(EROFS, mkdir("d/new", 0755));
    EXPECT_ERROR(EEXIST, mkdir("d/e", 0755));
    EXPECT_ERROR(EROFS, symlink("x", "d/new"));
    EXPECT_ERROR(EROFS, link("d/f", "d/new"));
    EXPECT_ERROR(EROFS, unlink("d/f"));
    EXPECT_ERROR(EROFS, unlink("d/missing"));
    EXPECT_ERROR(EROFS, rmdir("d/e"));
    EXPECT_ERROR(EROFS, rename("d/f", "d/g"));
    EXPECT_ERROR(EXDEV, rename("d/f", "g"));
    EXPECT_ERROR(EROFS, chmod("d/f", 0600));
    EXPECT_ERROR(EROFS, chown("d/f", 1, 1));
    EXPECT_ERROR(EROFS, utimensat(AT_FDCWD, "d/f", nullptr, 0));
    EXPECT_ERROR(EROFS, truncate("d/f", 0));
    EXPECT(access("d/f", R_OK) == 0);
    EXPECT_ERROR(EROFS, access("d/f", W_OK));
    EXPECT(content_of("d/f") == "x" && close(open("d/f", O_RDONLY | O_CREAT, 0644)) == 0);
    EXPECT(umount("d") == 0);
}

TEST(mount_says_what_is_wrong) {
    EXPECT(mkdir("d", 0755) == 0);
    close(make_file("f"));
    EXPECT_ERROR(ENODEV, mount("none", "d", "nosuchfs", 0, nullptr));
    EXPECT_ERROR(ENOENT, mount("none", "missing", "tmpfs", 0, nullptr));
    EXPECT_ERROR(ENOTDIR, mount("none", "f", "tmpfs", 0, nullptr));
    EXPECT_ERROR(EFAULT, mount("none", reinterpret_cast<char*>(BAD_ADDRESS), "tmpfs", 0, nullptr));
    EXPECT_ERROR(EINVAL, mount("none", "d", nullptr, 0, nullptr));
    EXPECT_ERROR(EINVAL, mount("none", "d", nullptr, MS_REMOUNT, nullptr));
    EXPECT_ERROR(EINVAL, umount("d"));
    EXPECT_ERROR(EINVAL, umount("f"));
    EXPECT_ERROR(ENOENT, umount("missing"));
    EXPECT_ERROR(EINVAL, umount2("d", 0x100));
    EXPECT(umount("/proc") == 0 && !is_there("/proc/self") && mount("proc", "/proc", "proc", 0, nullptr) == 0 && is_there("/proc/self"));
}

TEST(a_full_file_system_says_so_and_goes_on) {
    EXPECT(mkdir("d", 0755) == 0 && mount("none", "d", "tmpfs", 0, "size=1m") == 0);
    int fd = make_file("d/f"), kept = make_file("d/kept", "before");
    std::string piece(100'000, 'x');
    ssize_t count;
    while ((count = write(fd, piece.data(), piece.size())) > 0) {
    }
    EXPECT(count == -1 && errno == ENOSPC);
    EXPECT_ERROR(ENOSPC, write(fd, piece.data(), piece.size()));
    EXPECT(pwrite(kept, "BE", 2, 0) == 2 && content_of("d/kept") == "BEfore");
    EXPECT(ftruncate(fd, 0) == 0 && write(fd, piece.data(), piece.size()) == static_cast<ssize_t>(piece.size()));
    EXPECT(close(fd) == 0 && close(kept) == 0 && mkdir("d/a", 0755) == 0 && mkdir("d/a/b", 0755) == 0);
    close(make_file("d/a/b/c", "deep"));
    EXPECT(umount("d") == 0);
}

}  // namespace
