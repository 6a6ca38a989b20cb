// filetests [WORD]: what Linux promises of its file calls, one test a promise, each in an empty directory of its own.
//
// The same program passes on Linux: grade/run-on-linux build/user/root -- /bin/filetests. With a WORD only the tests with it
// in their names run.

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <set>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <termios.h>

#include "testing.h"

namespace {

constexpr size_t PAGE = 4096;
constexpr long BAD_ADDRESS = 8;

// Goes to a new, empty directory when a test begins.
struct Scratch {
    Scratch() {
        mkdir("/tmp", 0777);
        char name[] = "/tmp/filetests.XXXXXX";
        EXPECT(mkdtemp(name) && chdir(name) == 0);
    }
};

int make_file(const char* name, const std::string& content = "") {
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
    EXPECT(fd >= 0);
    EXPECT(write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    return fd;
}

std::string content_of(const char* name) {
    int fd = open(name, O_RDONLY);
    EXPECT(fd >= 0);
    std::string content(1 << 20, 0);
    ssize_t count = read(fd, content.data(), content.size());
    EXPECT(count >= 0);
    close(fd);
    content.resize(static_cast<size_t>(count));
    return content;
}

std::string link_of(const std::string& path) {
    char text[PATH_MAX];
    ssize_t count = readlink(path.c_str(), text, sizeof(text));
    EXPECT(count >= 0);
    return std::string(text, static_cast<size_t>(count));
}

struct stat stat_of(const char* path) {
    struct stat info;
    EXPECT(lstat(path, &info) == 0);
    return info;
}

std::string working_directory() {
    char text[PATH_MAX];
    EXPECT(getcwd(text, sizeof(text)));
    return text;
}

bool is_there(const char* path) { return access(path, F_OK) == 0; }

// ---- walking --------------------------------------------------------------------------------------------------------

TEST(a_path_goes_through_directories_only) {
    Scratch scratch;
    close(make_file("file"));
    EXPECT_ERROR(ENOTDIR, open("file/x", O_RDONLY));
    EXPECT_ERROR(ENOTDIR, open("file/", O_RDONLY));
    EXPECT_ERROR(ENOTDIR, open("file/.", O_RDONLY));
    EXPECT_ERROR(ENOENT, open("missing/x", O_RDONLY));
    EXPECT_ERROR(ENOENT, open("missing", O_RDONLY));
    EXPECT_ERROR(ENOENT, open("", O_RDONLY));
    EXPECT_ERROR(EFAULT, open(reinterpret_cast<char*>(BAD_ADDRESS), O_RDONLY));
}

TEST(names_and_paths_have_a_longest_length) {
    Scratch scratch;
    std::string longest(255, 'a');
    close(make_file(longest.c_str()));
    EXPECT(is_there(longest.c_str()));
    EXPECT_ERROR(ENAMETOOLONG, open((longest + "a").c_str(), O_RDONLY | O_CREAT, 0644));
    EXPECT_ERROR(ENAMETOOLONG, mkdir((longest + "a").c_str(), 0755));
    EXPECT(is_there((std::string(PATH_MAX - 1 - 255, '/') .insert(0, ".") .substr(0, PATH_MAX - 1 - 255) + longest).c_str()));
    EXPECT_ERROR(ENAMETOOLONG, open(std::string(PATH_MAX, '/').c_str(), O_RDONLY));
}

TEST(dots_and_slashes_mean_nothing_new) {
    Scratch scratch;
    EXPECT(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
    close(make_file("a/b/f", "x"));
    EXPECT(content_of("./a//b/../b/./f") == "x");
    EXPECT(stat_of("a/b/..").st_ino == stat_of("a").st_ino);
    EXPECT(stat_of("/..").st_ino == stat_of("/").st_ino);
    EXPECT(stat_of("///").st_ino == stat_of("/").st_ino);
}

TEST(symbolic_links_are_followed) {
    Scratch scratch;
    EXPECT(mkdir("dir", 0755) == 0);
    close(make_file("dir/f", "content"));
    EXPECT(symlink("dir", "to_dir") == 0 && symlink("to_dir/f", "to_f") == 0);
    EXPECT(symlink((working_directory() + "/dir/f").c_str(), "absolute") == 0);
    EXPECT(content_of("to_dir/f") == "content" && content_of("to_f") == "content" && content_of("absolute") == "content");
    EXPECT(link_of("to_f") == "to_dir/f" && stat_of("to_f").st_size == 8);
    EXPECT(S_ISLNK(stat_of("to_dir").st_mode) && S_ISDIR(stat_of("to_dir/").st_mode));
    EXPECT_ERROR(ELOOP, open("to_f", O_RDONLY | O_NOFOLLOW));
    EXPECT_ERROR(ENOTDIR, open("to_dir", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
    EXPECT_ERROR(EINVAL, readlink("dir/f", working_directory().data(), 10));
    char text[4];
    EXPECT(readlink("to_f", text, 4) == 4 && memcmp(text, "to_d", 4) == 0);
    EXPECT_ERROR(EINVAL, readlink("to_f", text, 0));
    EXPECT_ERROR(ENOENT, symlink("", "empty"));
    EXPECT_ERROR(EEXIST, symlink("x", "to_f"));
}

TEST(loops_of_links_end) {
    Scratch scratch;
    EXPECT(symlink("self", "self") == 0 && symlink("b", "a") == 0 && symlink("a", "b") == 0);
    EXPECT_ERROR(ELOOP, open("self", O_RDONLY));
    EXPECT_ERROR(ELOOP, open("a", O_RDONLY));
    EXPECT_ERROR(ELOOP, stat("a/x", reinterpret_cast<struct stat*>(alloca(sizeof(struct stat)))));
    close(make_file("link0", "end"));
    for (int i = 1; i <= 41; i++) {
        EXPECT(symlink(("link" + std::to_string(i - 1)).c_str(), ("link" + std::to_string(i)).c_str()) == 0);
    }
    EXPECT(content_of("link40") == "end");
    EXPECT_ERROR(ELOOP, open("link41", O_RDONLY));
}

TEST(a_dangling_link_can_be_created_through) {
    Scratch scratch;
    EXPECT(symlink("target", "link") == 0);
    EXPECT_ERROR(ENOENT, open("link", O_RDONLY));
    EXPECT_ERROR(EEXIST, open("link", O_RDWR | O_CREAT | O_EXCL, 0644));
    EXPECT_ERROR(EEXIST, mkdir("link", 0755));
    EXPECT(close(open("link", O_RDWR | O_CREAT, 0644)) == 0 && is_there("target"));
}

TEST(at_calls_begin_at_their_descriptor) {
    Scratch scratch;
    EXPECT(mkdir("dir", 0755) == 0);
    int dir = open("dir", O_RDONLY | O_DIRECTORY);
    close(openat(dir, "f", O_WRONLY | O_CREAT, 0600));
    EXPECT(is_there("dir/f"));
    EXPECT(mkdirat(dir, "sub", 0755) == 0 && symlinkat("f", dir, "link") == 0 && is_there("dir/link"));
    EXPECT(renameat(dir, "f", AT_FDCWD, "g") == 0 && is_there("g"));
    int file = open("g", O_RDONLY);
    EXPECT_ERROR(ENOTDIR, openat(file, "x", O_RDONLY));
    EXPECT_ERROR(EBADF, openat(99, "x", O_RDONLY));
    EXPECT(openat(99, "/", O_RDONLY) >= 0);
    struct stat info;
    EXPECT(fstatat(file, "", &info, AT_EMPTY_PATH) == 0 && info.st_ino == stat_of("g").st_ino);
    EXPECT_ERROR(ENOENT, fstatat(file, "", &info, 0));
}

// ---- making, removing, renaming -------------------------------------------------------------------------------------

TEST(open_makes_files_as_told) {
    Scratch scratch;
    umask(027);
    int fd = open("f", O_WRONLY | O_CREAT, 0666);
    EXPECT(fd >= 0 && stat_of("f").st_mode == (S_IFREG | 0640));
    EXPECT_ERROR(EEXIST, open("f", O_WRONLY | O_CREAT | O_EXCL, 0666));
    EXPECT_ERROR(EISDIR, open(".", O_RDONLY | O_CREAT, 0666));
    EXPECT_ERROR(EISDIR, open(".", O_WRONLY));
    EXPECT_ERROR(EISDIR, open("new/", O_WRONLY | O_CREAT, 0666));
    EXPECT_ERROR(ENOTDIR, open("f", O_RDONLY | O_DIRECTORY));
    EXPECT_ERROR(ENOENT, open("no/f", O_WRONLY | O_CREAT, 0666));
    EXPECT(write(fd, "12345", 5) == 5 && close(open("f", O_WRONLY | O_TRUNC)) == 0 && stat_of("f").st_size == 0);
    EXPECT_ERROR(EBADF, read(fd, &fd, 1));
    int reader = open("f", O_RDONLY);
    EXPECT_ERROR(EBADF, write(reader, "x", 1));
    char byte;
    EXPECT_ERROR(EISDIR, read(open(".", O_RDONLY), &byte, 1));
}

TEST(mkdir_and_rmdir_keep_the_count_of_links) {
    Scratch scratch;
    EXPECT(mkdir("d", 0755) == 0 && stat_of("d").st_nlink == 2 && stat_of(".").st_nlink == 3);
    EXPECT(mkdir("d/e/", 0755) == 0 && stat_of("d").st_nlink == 3);
    EXPECT_ERROR(EEXIST, mkdir("d", 0755));
    EXPECT_ERROR(EEXIST, mkdir(".", 0755));
    EXPECT_ERROR(EEXIST, mkdir("/", 0755));
    EXPECT_ERROR(ENOENT, mkdir("x/y", 0755));
    EXPECT_ERROR(ENOTEMPTY, rmdir("d"));
    EXPECT_ERROR(EINVAL, rmdir("d/e/."));
    EXPECT_ERROR(ENOTEMPTY, rmdir("d/e/.."));
    EXPECT_ERROR(EBUSY, rmdir("/"));
    EXPECT(rmdir("d/e") == 0 && rmdir("d/") == 0 && !is_there("d") && stat_of(".").st_nlink == 2);
    close(make_file("f"));
    EXPECT_ERROR(ENOTDIR, rmdir("f"));
    EXPECT_ERROR(ENOENT, rmdir("missing"));
    EXPECT_ERROR(EISDIR, unlink("."));
    EXPECT(mkdir("g", 0755) == 0);
    EXPECT_ERROR(EISDIR, unlink("g"));
    EXPECT_ERROR(ENOTDIR, unlink("f/"));
    EXPECT_ERROR(ENOENT, unlink("missing"));
    EXPECT_ERROR(EINVAL, unlinkat(AT_FDCWD, "f", 0x4000));
}

TEST(a_removed_file_lives_while_it_is_open) {
    Scratch scratch;
    int fd = make_file("f", "still here");
    EXPECT(unlink("f") == 0 && !is_there("f"));
    struct stat info;
    char text[16];
    EXPECT(fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size == 10);
    EXPECT(pread(fd, text, sizeof(text), 0) == 10 && memcmp(text, "still here", 10) == 0);
}

TEST(a_removed_directory_takes_no_more_files) {
    Scratch scratch;
    EXPECT(mkdir("d", 0755) == 0 && chdir("d") == 0 && rmdir("../d") == 0);
    EXPECT_ERROR(ENOENT, open("f", O_WRONLY | O_CREAT, 0644));
    EXPECT_ERROR(ENOENT, mkdir("e", 0755));
    char text[PATH_MAX];
    EXPECT_ERROR(ENOENT, syscall(SYS_getcwd, text, sizeof(text)));
    EXPECT(chdir("/") == 0);
}

TEST(hard_links_are_one_file) {
    Scratch scratch;
    close(make_file("a", "one"));
    EXPECT(link("a", "b") == 0 && stat_of("a").st_ino == stat_of("b").st_ino && stat_of("a").st_nlink == 2);
    EXPECT(unlink("a") == 0 && content_of("b") == "one" && stat_of("b").st_nlink == 1);
    EXPECT(mkdir("d", 0755) == 0 && symlink("b", "s") == 0);
    EXPECT_ERROR(EPERM, link("d", "e"));
    EXPECT_ERROR(EEXIST, link("b", "d"));
    EXPECT_ERROR(ENOENT, link("a", "c"));
    EXPECT_ERROR(ENOENT, link("b", "c/"));
    EXPECT_ERROR(EXDEV, link("b", "/dev/x"));
    EXPECT(link("s", "t") == 0 && S_ISLNK(stat_of("t").st_mode));
    EXPECT(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW) == 0 && S_ISREG(stat_of("u").st_mode));
}

TEST(rename_moves_and_replaces) {
    Scratch scratch;
    close(make_file("a", "A"));
    close(make_file("b", "B"));
    EXPECT(rename("a", "b") == 0 && content_of("b") == "A" && !is_there("a"));
    EXPECT(rename("b", "b") == 0 && is_there("b"));
    EXPECT(link("b", "c") == 0 && rename("b", "c") == 0 && is_there("b") && is_there("c"));  // one file: nothing happens
    EXPECT(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0 && mkdir("e/full", 0755) == 0);
    EXPECT_ERROR(EISDIR, rename("b", "d"));
    EXPECT_ERROR(ENOTDIR, rename("d", "b"));
    EXPECT_ERROR(ENOTEMPTY, rename("d", "e"));
    EXPECT_ERROR(EINVAL, rename("e", "e/full/x"));
    EXPECT_ERROR(ENOTEMPTY, rename("e/full", "e"));
    EXPECT_ERROR(ENOENT, rename("missing", "x"));
    EXPECT_ERROR(EBUSY, rename(".", "x"));
    EXPECT_ERROR(ENOTDIR, rename("b", "x/"));
    EXPECT_ERROR(EXDEV, rename("b", "/dev/x"));
    EXPECT(rename("e", "d") == 0 && is_there("d/full") && !is_there("e"));
    EXPECT(stat_of(".").st_nlink == 3 && stat_of("d").st_nlink == 3);
    EXPECT_ERROR(EEXIST, syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", 1));
    EXPECT_ERROR(EINVAL, syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", 0x80));
}

TEST(a_moved_directory_knows_its_new_place) {
    Scratch scratch;
    std::string here = working_directory();
    EXPECT(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("a/deep", 0755) == 0 && chdir("a/deep") == 0);
    EXPECT(rename("../../a", "../../b/moved") == 0);
    EXPECT(working_directory() == here + "/b/moved/deep");
    EXPECT(stat_of("../..").st_ino == stat_of((here + "/b").c_str()).st_ino);
    EXPECT(stat_of((here + "/b").c_str()).st_nlink == 3 && stat_of(here.c_str()).st_nlink == 3);
}

// ---- listing --------------------------------------------------------------------------------------------------------

std::set<std::string> names_in(const char* path) {
    DIR* directory = opendir(path);
    EXPECT(directory);
    std::set<std::string> names;
    while (dirent* entry = readdir(directory)) {
        EXPECT(names.insert(entry->d_name).second);
    }
    closedir(directory);
    return names;
}

TEST(a_listing_has_every_name_once) {
    Scratch scratch;
    std::set<std::string> made = {".", ".."};
    for (int i = 0; i < 1000; i++) {
        std::string name = "file number " + std::to_string(i);
        close(make_file(name.c_str()));
        made.insert(name);
    }
    EXPECT(names_in(".") == made);
    char small[20];
    EXPECT_ERROR(EINVAL, syscall(SYS_getdents64, open(".", O_RDONLY), small, sizeof(small)));
    EXPECT_ERROR(ENOTDIR, syscall(SYS_getdents64, open("file number 1", O_RDONLY), small, sizeof(small)));
}

TEST(a_directory_can_be_emptied_while_it_is_listed) {
    Scratch scratch;
    for (int i = 0; i < 500; i++) {
        close(make_file(std::to_string(i).c_str()));
    }
    DIR* directory = opendir(".");
    int removed = 0;
    while (dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') {
            EXPECT(entry->d_type == DT_REG && unlink(entry->d_name) == 0);
            removed++;
        }
    }
    EXPECT(removed == 500 && names_in(".").size() == 2);
    rewinddir(directory);
    EXPECT(readdir(directory));
}

// ---- bytes ----------------------------------------------------------------------------------------------------------

TEST(the_offset_goes_with_the_open_file) {
    Scratch scratch;
    int fd = make_file("f", "0123456789");
    int copy = dup(fd), other = open("f", O_RDONLY);
    char c;
    EXPECT(lseek(fd, 3, SEEK_SET) == 3 && read(copy, &c, 1) == 1 && c == '3' && lseek(fd, 0, SEEK_CUR) == 4);
    EXPECT(child([&] { EXPECT(read(fd, &c, 1) == 1 && c == '4'); }) == 0);
    EXPECT(read(fd, &c, 1) == 1 && c == '5' && read(other, &c, 1) == 1 && c == '0');
    EXPECT(lseek(fd, -1, SEEK_END) == 9 && lseek(fd, 5, SEEK_CUR) == 14 && read(fd, &c, 1) == 0);
    EXPECT_ERROR(EINVAL, lseek(fd, -1, SEEK_SET));
    EXPECT_ERROR(EINVAL, lseek(fd, 0, 99));
    EXPECT(pread(fd, &c, 1, 2) == 1 && c == '2' && lseek(fd, 0, SEEK_CUR) == 14);
    EXPECT_ERROR(EINVAL, pread(fd, &c, 1, -1));
    EXPECT_ERROR(EINVAL, pwrite(fd, &c, 1, -1));
}

TEST(a_hole_reads_as_zeroes) {
    Scratch scratch;
    int fd = make_file("f");
    EXPECT(pwrite(fd, "end", 3, 10 * PAGE + 5) == 3 && stat_of("f").st_size == 10 * PAGE + 8);
    char bytes[100];
    memset(bytes, 1, sizeof(bytes));
    EXPECT(pread(fd, bytes, 100, 3 * PAGE - 50) == 100 && std::all_of(bytes, bytes + 100, [](char c) { return c == 0; }));
    EXPECT(pread(fd, bytes, 100, 10 * PAGE + 2) == 6 && memcmp(bytes, "\0\0\0end", 6) == 0);
}

TEST(append_writes_at_the_end) {
    Scratch scratch;
    int fd = make_file("f", "start");
    int end = open("f", O_WRONLY | O_APPEND);
    EXPECT(lseek(end, 0, SEEK_SET) == 0 && write(end, "+1", 2) == 2 && write(fd, "+2", 2) == 2);
    EXPECT(write(end, "+3", 2) == 2 && content_of("f") == "start+2+3");
    EXPECT(fcntl(fd, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE)) == (O_APPEND | O_RDWR));
    EXPECT(lseek(fd, 0, SEEK_SET) == 0 && write(fd, "+4", 2) == 2 && content_of("f") == "start+2+3+4");
}

TEST(truncation_cuts_and_extends) {
    Scratch scratch;
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
    Scratch scratch;
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
    Scratch scratch;
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
    Scratch scratch;
    int fd = make_file("f", std::string(2 * PAGE, 'x'));
    auto* mapped = static_cast<char*>(mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    EXPECT(mapped != MAP_FAILED);
    mapped[0] = 'y';
    EXPECT(pwrite(fd, mapped, PAGE, PAGE) == PAGE && mapped[PAGE] == 'y');
    EXPECT(pread(fd, mapped + 1, PAGE, PAGE) == PAGE && mapped[1] == 'y');
    EXPECT(pwrite(fd, "z", 1, 5) == 1 && mapped[5] == 'z');
}

TEST(a_file_has_its_times) {
    Scratch scratch;
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
    Scratch scratch;
    close(make_file("f"));
    EXPECT(access("f", R_OK | W_OK) == 0 && access(".", X_OK) == 0);
    EXPECT_ERROR(EACCES, access("f", X_OK));
    EXPECT(chmod("f", 0010) == 0 && access("f", X_OK) == 0);
    EXPECT_ERROR(EINVAL, syscall(SYS_faccessat, AT_FDCWD, "f", 8));
    EXPECT_ERROR(ENOENT, access("missing", F_OK));
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

TEST(descriptors_end_at_their_limit) {
    Scratch scratch;
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
    EXPECT(syscall(SYS_close_range, 3, ~0u, 0) == 0 && dup(1) == 3);
}

TEST(a_path_descriptor_only_names) {
    Scratch scratch;
    close(make_file("f", "x"));
    int fd = open("f", O_PATH);
    char c;
    struct stat info;
    EXPECT(fd >= 0 && fstat(fd, &info) == 0 && info.st_size == 1);
    EXPECT_ERROR(EBADF, read(fd, &c, 1));
    EXPECT_ERROR(EBADF, lseek(fd, 0, SEEK_SET));
}

// ---- pipes and poll -------------------------------------------------------------------------------------------------

TEST(a_pipe_carries_bytes_in_order) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    std::string sent(300'000, 0);
    for (size_t i = 0; i < sent.size(); i++) {
        sent[i] = static_cast<char>(i * 7 + i / 251);
    }
    int status = 0;
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        _exit(write(ends[1], sent.data(), sent.size()) == static_cast<ssize_t>(sent.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string received;
    char piece[1000];
    for (ssize_t count; (count = read(ends[0], piece, sizeof(piece))) > 0;) {
        received.append(piece, static_cast<size_t>(count));
    }
    EXPECT(received == sent && waitpid(writer, &status, 0) == writer && status == 0);
}

TEST(a_pipe_knows_its_ends) {
    int ends[2];
    EXPECT(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    char c;
    EXPECT_ERROR(EAGAIN, read(ends[0], &c, 1));
    EXPECT_ERROR(EBADF, read(ends[1], &c, 1));
    EXPECT_ERROR(EBADF, write(ends[0], &c, 1));
    EXPECT_ERROR(ESPIPE, lseek(ends[0], 0, SEEK_SET));
    EXPECT_ERROR(ESPIPE, pread(ends[0], &c, 1, 0));
    char page[PAGE] = {};
    size_t filled = 0;
    while (write(ends[1], page, PAGE) == PAGE) {
        filled += PAGE;
    }
    EXPECT(errno == EAGAIN && filled == 65536);
    EXPECT(read(ends[0], page, 100) == 100);
    EXPECT_ERROR(EAGAIN, write(ends[1], page, PAGE));  // not in pieces
    EXPECT(close(ends[1]) == 0);
    while (read(ends[0], page, PAGE) > 0) {
    }
    EXPECT(read(ends[0], page, PAGE) == 0);
    EXPECT(pipe(ends) == 0 && close(ends[0]) == 0);
    EXPECT(child([&] { (void)!write(ends[1], "x", 1); }) == -SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    EXPECT_ERROR(EPIPE, write(ends[1], "x", 1));
    EXPECT_ERROR(EINVAL, pipe2(ends, 1));
    EXPECT_ERROR(EFAULT, pipe(reinterpret_cast<int*>(BAD_ADDRESS)));
}

TEST(a_killed_reader_wakes_up) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t reader = fork();
    if (reader == 0) {
        char c;
        (void)!read(ends[0], &c, 1);
        _exit(0);
    }
    usleep(20'000);
    int status = 0;
    EXPECT(kill(reader, SIGKILL) == 0 && waitpid(reader, &status, 0) == reader && WTERMSIG(status) == SIGKILL);
}

TEST(poll_says_what_is_ready) {
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pollfd files[] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 7}, {99, POLLIN, 0}};
    EXPECT(poll(files, 4, 0) == 2 && files[0].revents == 0 && files[1].revents == POLLOUT && files[2].revents == 0 &&
           files[3].revents == POLLNVAL);
    EXPECT(poll(files, 1, 20) == 0);
    pid_t writer = fork();
    if (writer == 0) {
        usleep(20'000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    EXPECT(poll(files, 1, -1) == 1 && files[0].revents == POLLIN);
    close(ends[1]);
    waitpid(writer, nullptr, 0);
    EXPECT(poll(files, 1, -1) == 1 && files[0].revents == (POLLIN | POLLHUP));
}

// ---- devices and /proc ----------------------------------------------------------------------------------------------

TEST(devices_do_what_their_names_say) {
    char bytes[5000] = {1}, others[5000];
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
    EXPECT(read(null, bytes, 10) == 0 && write(null, bytes, 5000) == 5000);
    EXPECT(read(zero, bytes, 5000) == 5000 && std::all_of(bytes, bytes + 5000, [](char c) { return c == 0; }));
    EXPECT_ERROR(ENOSPC, write(full, bytes, 1));
    int random = open("/dev/urandom", O_RDONLY);
    EXPECT(read(random, bytes, 5000) == 5000 && read(random, others, 5000) == 5000 && memcmp(bytes, others, 5000) != 0);
    EXPECT(S_ISCHR(stat_of("/dev/null").st_mode) && stat_of("/dev/null").st_rdev == makedev(1, 3));
    EXPECT_ERROR(EFAULT, syscall(SYS_read, zero, BAD_ADDRESS, 1));
    auto* mapped = static_cast<char*>(mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0));
    EXPECT(mapped != MAP_FAILED && mapped[5] == 0 && (mapped[5] = 1));
    EXPECT_ERROR(ENODEV, mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, null, 0) == MAP_FAILED ? -1 : 0);
    EXPECT_ERROR(ENOTTY, ioctl(null, TCGETS, bytes));
}

TEST(proc_self_is_the_caller) {
    EXPECT(link_of("/proc/self") == std::to_string(getpid()));
    EXPECT(link_of("/proc/self/exe") == "/bin/filetests");
    EXPECT(content_of("/proc/self/cmdline").starts_with(std::string("/bin/filetests\0", 15)));
    EXPECT(content_of("/proc/self/maps").find("/bin/filetests") != std::string::npos);
    EXPECT(link_of("/proc/self/cwd") == working_directory());
    std::set<std::string> names = names_in("/proc");
    EXPECT(names.contains(std::to_string(getpid())) && names.contains("self") && names.contains("meminfo"));
    EXPECT_ERROR(ENOENT, open("/proc/999999", O_RDONLY));
    EXPECT_ERROR(ENOENT, open("/proc/01", O_RDONLY));
    EXPECT(content_of("/proc/meminfo").starts_with("MemTotal:"));
    EXPECT(stat_of("/proc/self/maps").st_size == 0);
}

TEST(each_file_system_has_its_kind) {
    struct statfs info;
    EXPECT(statfs("/proc", &info) == 0 && info.f_type == 0x9fa0);
    EXPECT(statfs("/tmp", &info) == 0 && info.f_namelen == 255 && info.f_bsize == PAGE);
    EXPECT_ERROR(ENOENT, statfs("/missing", &info));
    EXPECT(stat_of("/proc").st_dev != stat_of("/").st_dev && stat_of("/dev").st_dev != stat_of("/proc").st_dev);
    EXPECT(stat_of("/proc/..").st_ino == stat_of("/").st_ino);
    EXPECT_ERROR(EBUSY, rmdir("/proc"));
    EXPECT_ERROR(EBUSY, rename("/proc", "/other"));
}

}  // namespace

int main(int argc, char** argv) { return run_tests(argc, argv); }
