// diskload: what the tests of disks run (grade/tests/test_disk.py). Works in the directory given, on a disk mounted there.
//
//   diskload DIR load SEED STEPS     files come, grow, shrink, move and go; says what must be there after a crash
//   diskload DIR fill                writes until the disk is full, and again when it is not
//   diskload DIR sparse              a file with bytes few and far between
//   diskload DIR large MEGABYTES     a file larger than memory, written and read back, also through mappings
//   diskload DIR map                 stores through shared mappings, and files cut off below them
//   diskload DIR orphan              unlinks what it has open, and ends
//   diskload DIR errors              on a disk that fails: every call ends, with EIO or well
//
// The content of a file is told by its key and size: records of 26 bytes, "KEY OFFSET\n" in hexadecimal. Lines of `load`:
//
//   whole NAME KEY SIZE      from here on the file is this, after a crash too
//   either NAME KEY SIZE     from here on it may be this as well
//   change NAME              from here on it may be anything
#include "diskload.h"

namespace {

// Writes files until none can be made or grow; how many bytes went in.
size_t write_until_full(const char* prefix) {
    std::string piece = content(7, 100'000);
    size_t total = 0;
    for (unsigned number = 0;; number++) {
        int fd = open((prefix + std::to_string(number)).c_str(), O_RDWR | O_CREAT | O_EXCL, 0644);
        CHECK(fd >= 0 || errno == ENOSPC);
        if (fd < 0)
            return total;
        ssize_t count = write(fd, piece.data(), piece.size());
        CHECK(count > 0 || errno == ENOSPC);
        total += count > 0 ? static_cast<size_t>(count) : 0;
        bool is_full = count < static_cast<ssize_t>(piece.size());
        if (is_full)
            CHECK(write(fd, piece.data(), piece.size()) == -1 && errno == ENOSPC);
        CHECK(fsync(fd) == 0);
        close(fd);
        if (is_full)
            return total;
    }
}

// Removes prefix0, prefix1, and so on.
void remove_all(const char* prefix) {
    for (unsigned number = 0; unlink((prefix + std::to_string(number)).c_str()) == 0; number++) {}
    CHECK(errno == ENOENT);
}

int fill() {
    struct statfs before, after;
    CHECK(statfs(".", &before) == 0 && mkdir("fill", 0755) == 0 && chdir("fill") == 0);
    size_t first = write_until_full("a");
    CHECK(mkdir("dir", 0755) == -1 && errno == ENOSPC);
    CHECK(symlink(std::string(300, 'x').c_str(), "link") == -1 && errno == ENOSPC);
    remove_all("a");
    CHECK(write_until_full("b") == first);  // at once: what was removed is free
    remove_all("b");
    unsigned made = 0;  // inodes can run out, too
    while (mknod(("i" + std::to_string(made)).c_str(), S_IFREG | 0600, 0) == 0)
        made++;
    CHECK(errno == ENOSPC && statfs(".", &after) == 0 && after.f_ffree == 0);
    remove_all("i");
    CHECK(chdir("..") == 0 && rmdir("fill") == 0 && statfs(".", &after) == 0);
    CHECK(after.f_bfree == before.f_bfree && after.f_ffree == before.f_ffree);
    say("wrote %zu bytes and %u inodes\n", first, made);
    return 0;
}

int sparse() {
    // Around every border: the last block the inode names, the last by one block of numbers, by two, by three.
    std::vector<off_t> places;
    for (off_t block_size : {1024, 2048, 4096})
        for (off_t numbers = block_size / 4, at = 12, level = 0; level < 3; level++) {
            places.push_back(at * block_size);
            off_t span = 1;
            for (off_t i = 0; i <= level; i++)
                span *= numbers;
            at += span;
        }
    places.insert(places.end(), {0, 5, 4095, off_t{3} << 30, (off_t{9} << 30) + 123});
    std::sort(places.begin(), places.end());
    int fd = open("sparse", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(fd >= 0);
    for (off_t place : places) {
        std::string bytes = content(static_cast<uint64_t>(place), 3);
        CHECK(pwrite(fd, bytes.data(), 3, place) == 3);
    }
    CHECK(fsync(fd) == 0);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_size == places.back() + 3 && info.st_blocks < 4000);
    for (size_t i = 0; i < places.size(); i++) {
        std::string got = read_all(fd, 8, places[i]), wanted = content(static_cast<uint64_t>(places[i]), 3);
        CHECK(got.substr(0, 3) == wanted || (i + 1 < places.size() && places[i + 1] < places[i] + 3));
        if (i + 1 < places.size() && places[i + 1] > places[i] + 8)
            CHECK(got.substr(3) == std::string(5, 0));
    }
    // Cut off from the end, in places that leave blocks of numbers whole, in part, and not at all.
    for (size_t i = places.size(); i-- > 1;) {
        CHECK(ftruncate(fd, places[i] + 1) == 0 && ftruncate(fd, places[i] + 100) == 0);
        CHECK(read_all(fd, 200, places[i]).substr(1) == std::string(99, 0));
    }
    CHECK(ftruncate(fd, 0) == 0 && fstat(fd, &info) == 0 && info.st_blocks == 0);
    CHECK(pwrite(fd, "end", 3, 66 << 20) == 3 && fsync(fd) == 0);
    close(fd);
    int hole = open("hole", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(hole >= 0 && ftruncate(hole, 1 << 20) == 0 && fstat(hole, &info) == 0 && info.st_blocks == 0);
    CHECK(read_all(hole, 1 << 20) == std::string(1 << 20, 0));
    say("ok\n");
    return 0;
}

int large(size_t megabytes) {
    constexpr size_t PIECE = 1 << 20;
    int fd = open("large", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(fd >= 0);
    auto piece = [&](size_t i) { return content(i, 100) + std::string(PIECE - 100, static_cast<char>('a' + i % 26)); };
    for (size_t i = 0; i < megabytes; i++)
        write_all(fd, piece(i), static_cast<off_t>(i * PIECE));
    for (size_t i = 0; i < megabytes; i++)
        CHECK(read_all(fd, PIECE, static_cast<off_t>(i * PIECE)) == piece(i));
    for (size_t i = 0; i < megabytes; i += 7) {
        void* at = mmap(nullptr, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(i * PIECE));
        CHECK(at != MAP_FAILED && memcmp(at, piece(i).data(), PIECE) == 0);
        memcpy(at, piece(i + 1).data(), PIECE);
        CHECK(munmap(at, PIECE) == 0);
    }
    for (size_t i = 0; i < megabytes; i++)
        CHECK(read_all(fd, PIECE, static_cast<off_t>(i * PIECE)) == piece(i % 7 ? i : i + 1));
    CHECK(fsync(fd) == 0);
    say("ok\n");
    return 0;
}

sigjmp_buf after_fault;

int map() {
    constexpr size_t PAGE = 4096, COUNT = 16;
    int fd = open("map", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(fd >= 0 && ftruncate(fd, COUNT * PAGE) == 0);
    auto* bytes = static_cast<char*>(mmap(nullptr, COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    CHECK(bytes != MAP_FAILED);
    for (char round = 'a'; round < 'e'; round++) {  // the same pages again and again, written back in between
        for (size_t i = 0; i < COUNT; i++)
            bytes[i * PAGE + static_cast<size_t>(round)] = round;
        CHECK(msync(bytes, COUNT * PAGE, MS_SYNC) == 0);
        bytes[5 * PAGE] = round;
    }
    signal(SIGBUS, [](int) { siglongjmp(after_fault, 1); });
    CHECK(ftruncate(fd, 8 * PAGE + 10) == 0);
    CHECK(bytes[8 * PAGE] == 0 && bytes[5 * PAGE] == 'd');
    if (sigsetjmp(after_fault, 1) == 0) {
        *const_cast<volatile char*>(bytes + 9 * PAGE) = 1;
        fail("a store behind the end is a SIGBUS", __LINE__);
    }
    bytes[8 * PAGE + 9] = 'z';
    bytes[8 * PAGE + 10] = 'y';  // behind the end, though in the last page
    CHECK(fsync(fd) == 0);
    CHECK(ftruncate(fd, 9 * PAGE) == 0);
    say("ok\n");
    return 0;
}

int orphan() {
    for (const char* name : {"gone", "kept"}) {
        int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
        CHECK(fd >= 0);
        write_all(fd, content(1, 300'000), 0);
        if (name[0] == 'k')
            break;
        CHECK(unlink(name) == 0 && fsync(fd) == 0);
        CHECK(read_all(fd, 300'000) == content(1, 300'000));
    }
    CHECK(mkdir("cwd", 0755) == 0 && chdir("cwd") == 0 && rmdir("../cwd") == 0);
    say("ok\n");
    return 0;
}

int errors() {
    unsigned failed = 0, worked = 0;
    auto count = [&](bool fine) {
        CHECK(fine || errno == EIO || errno == ENOENT || errno == EROFS || errno == ENOTEMPTY || errno == EEXIST);
        (fine ? worked : failed)++;
    };
    for (int i = 0; i < 60; i++) {
        std::string name = "file" + std::to_string(i % 20);
        int fd = open(name.c_str(), O_RDWR | O_CREAT, 0644);
        count(fd >= 0);
        if (fd >= 0) {
            std::string bytes = content(static_cast<uint64_t>(i), 30'000);
            count(write(fd, bytes.data(), bytes.size()) > 0);
            count(fsync(fd) == 0);
            count(pread(fd, bytes.data(), bytes.size(), 0) >= 0);
            close(fd);
        }
        count(rename(name.c_str(), "renamed") == 0);
        count(mkdir("dir", 0755) == 0);
        count(rmdir("dir") == 0);
        count(unlink("renamed") == 0);
    }
    say("%u calls failed, %u did not\n", failed, worked);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::string what = argc > 2 ? argv[2] : "";
    auto number = [&](int at) { return argc > at ? strtoul(argv[at], nullptr, 0) : 1; };
    if (argc > 2 && chdir(argv[1]) != 0) {
        perror(argv[1]);
        return 2;
    }
    if (what == "load")
        return load(number(3), static_cast<unsigned>(number(4)));
    if (what == "large")
        return large(number(3));
    const std::map<std::string, int (*)()> others{
        {"fill", fill}, {"sparse", sparse}, {"map", map}, {"orphan", orphan}, {"errors", errors}};
    if (auto found = others.find(what); found != others.end())
        return found->second();
    fprintf(stderr, "usage: diskload DIR {load SEED STEPS | fill | sparse | large MEGABYTES | map | orphan | errors}\n");
    return 2;
}
