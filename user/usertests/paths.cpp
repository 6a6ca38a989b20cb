// Names: walking paths, making, removing and renaming, listing.

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "paths";

// ---- walking --------------------------------------------------------------------------------------------------------

TEST(a_path_goes_through_directories_only) {
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
    std::string longest(255, 'a');
    close(make_file(longest.c_str()));
    EXPECT(is_there(longest.c_str()));
    EXPECT_ERROR(ENAMETOOLONG, open((longest + "a").c_str(), O_RDONLY | O_CREAT, 0644));
    EXPECT_ERROR(ENAMETOOLONG, mkdir((longest + "a").c_str(), 0755));
    EXPECT(is_there((std::string(PATH_MAX - 1 - 255, '/') .insert(0, ".") .substr(0, PATH_MAX - 1 - 255) + longest).c_str()));
    EXPECT_ERROR(ENAMETOOLONG, open(std::string(PATH_MAX, '/').c_str(), O_RDONLY));
}

TEST(dots_and_slashes_mean_nothing_new) {
    EXPECT(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
    close(make_file("a/b/f", "x"));
    EXPECT(content_of("./a//b/../b/./f") == "x");
    EXPECT(stat_of("a/b/..").st_ino == stat_of("a").st_ino);
    EXPECT(stat_of("/..").st_ino == stat_of("/").st_ino);
    EXPECT(stat_of("///").st_ino == stat_of("/").st_ino);
}

TEST(symbolic_links_are_followed) {
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
    EXPECT_ERROR(ENOENT, readlink("", text, 4));
    EXPECT_ERROR(ENOENT, symlink("", "empty"));
    EXPECT_ERROR(EEXIST, symlink("x", "to_f"));
}

TEST(loops_of_links_end) {
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
    EXPECT(symlink("target", "link") == 0);
    EXPECT_ERROR(ENOENT, open("link", O_RDONLY));
    EXPECT_ERROR(EEXIST, open("link", O_RDWR | O_CREAT | O_EXCL, 0644));
    EXPECT_ERROR(EEXIST, mkdir("link", 0755));
    EXPECT(close(open("link", O_RDWR | O_CREAT, 0644)) == 0 && is_there("target"));
}

TEST(at_calls_begin_at_their_descriptor) {
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
    int fd = make_file("f", "still here");
    EXPECT(unlink("f") == 0 && !is_there("f"));
    struct stat info;
    char text[16];
    EXPECT(fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size == 10);
    EXPECT(pread(fd, text, sizeof(text), 0) == 10 && memcmp(text, "still here", 10) == 0);
}

TEST(a_removed_directory_takes_no_more_files) {
    EXPECT(mkdir("d", 0755) == 0 && chdir("d") == 0 && rmdir("../d") == 0);
    EXPECT_ERROR(ENOENT, open("f", O_WRONLY | O_CREAT, 0644));
    EXPECT_ERROR(ENOENT, mkdir("e", 0755));
    char text[PATH_MAX];
    EXPECT_ERROR(ENOENT, syscall(SYS_getcwd, text, sizeof(text)));
    EXPECT(chdir("/") == 0);
}

TEST(hard_links_are_one_file) {
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
    std::string here = working_directory();
    EXPECT(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("a/deep", 0755) == 0 && chdir("a/deep") == 0);
    EXPECT(rename("../../a", "../../b/moved") == 0);
    EXPECT(working_directory() == here + "/b/moved/deep");
    EXPECT(stat_of("../..").st_ino == stat_of((here + "/b").c_str()).st_ino);
    EXPECT(stat_of((here + "/b").c_str()).st_nlink == 3 && stat_of(here.c_str()).st_nlink == 3);
}

// ---- listing --------------------------------------------------------------------------------------------------------

TEST(a_listing_has_every_name_once) {
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

TEST(a_directory_can_have_ten_thousand_files) {
    for (int i = 0; i < 10'000; i++) {
        int fd = open(("file" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
        EXPECT(fd >= 0 && close(fd) == 0);
    }
    for (int i = 0; i < 10'000; i += 97) {
        EXPECT(is_there(("file" + std::to_string(i)).c_str()));
    }
    EXPECT(names_in(".").size() == 10'002 && !is_there("file10000"));
    for (int i = 9'999; i >= 0; i--) {
        EXPECT(unlink(("file" + std::to_string(i)).c_str()) == 0);
    }
    EXPECT(names_in(".").size() == 2);
}

TEST(a_removed_directory_still_leads_up) {
    EXPECT(mkdir("d", 0755) == 0 && chdir("d") == 0 && rmdir("../d") == 0);
    struct stat up;
    EXPECT(stat("..", &up) == 0 && chdir("..") == 0 && stat_of(".").st_ino == up.st_ino);
}

TEST(open_refuses_what_makes_no_sense) {
    EXPECT_ERROR(EINVAL, open("d", O_RDONLY | O_CREAT | O_DIRECTORY, 0755));
    close(make_file("f", "x"));
    EXPECT(open("f", O_PATH | O_TRUNC) >= 0 && stat_of("f").st_size == 1);
}

}  // namespace
