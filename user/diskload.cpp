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
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what, int line) {
    printf("diskload: line %d: not so: %s (errno %s)\n", line, what, strerrorname_np(errno));
    fflush(stdout);
    _exit(1);
}

#define CHECK(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

// One line, whole, on the console before this returns.
__attribute__((format(printf, 1, 2))) void say(const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    CHECK(write(STDOUT_FILENO, line, static_cast<size_t>(size)) == size);
}

uint64_t state;

uint64_t random_number(uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
}

std::string content(uint64_t key, size_t size) {
    std::string text;
    char record[40];
    while (text.size() < size) {
        snprintf(record, sizeof(record), "%016lx %08zx\n", key, text.size());
        text += record;
    }
    text.resize(size);
    return text;
}

void write_all(int fd, const std::string& bytes, off_t at) {
    for (size_t done = 0; done < bytes.size();) {
        ssize_t count = pwrite(fd, bytes.data() + done, bytes.size() - done, at + static_cast<off_t>(done));
        CHECK(count > 0);
        done += static_cast<size_t>(count);
    }
}

std::string read_all(int fd, size_t size, off_t at = 0) {
    std::string bytes(size, 0);
    ssize_t count = pread(fd, bytes.data(), size, at);
    CHECK(count >= 0);
    bytes.resize(static_cast<size_t>(count));
    return bytes;
}

// ---- load -----------------------------------------------------------------------------------------------------------

struct Load {
    struct Known {
        uint64_t key;
        size_t size;
    };
    std::map<std::string, Known> files;
    uint64_t next_key;
    unsigned process;

    std::string directory() {
        unsigned number = static_cast<unsigned>(random_number(4));
        std::string name = "p" + std::to_string(process) + "/d" + std::to_string(number);
        mkdir(("p" + std::to_string(process)).c_str(), 0755);
        mkdir(name.c_str(), 0755);
        return name;
    }
    std::string new_name() { return directory() + "/f" + std::to_string(random_number(40)); }
    std::string any() {
        if (files.empty())
            return "";
        auto place = files.begin();
        std::advance(place, static_cast<long>(random_number(files.size())));
        return place->first;
    }
    static void sync_directory(const std::string& name) {
        int fd = open(name.substr(0, name.rfind('/')).c_str(), O_RDONLY);
        CHECK(fd >= 0 && fsync(fd) == 0);
        close(fd);
    }

    static size_t any_size() {
        uint64_t kind = random_number(10);
        return random_number(kind < 5 ? 5'000 : kind < 9 ? 60'000 : 400'000);
    }

    void write_file() {
        std::string name = new_name();
        Known now{next_key++, any_size()};
        say("change %s\n", name.c_str());
        int fd = open(name.c_str(), O_RDWR | O_CREAT | (random_number(2) ? O_TRUNC : 0), 0644);
        CHECK(fd >= 0);
        write_all(fd, content(now.key, now.size), 0);
        CHECK(ftruncate(fd, static_cast<off_t>(now.size)) == 0);
        files[name] = now;
        if (random_number(3)) {
            CHECK(fsync(fd) == 0);
            say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        }
        close(fd);
    }

    void grow_or_shrink() {
        std::string name = any();
        if (name.empty())
            return;
        Known& now = files[name];
        say("change %s\n", name.c_str());
        int fd = open(name.c_str(), O_RDWR);
        CHECK(fd >= 0);
        if (random_number(2)) {
            size_t more = random_number(30'000);
            std::string all = content(now.key, now.size + more);
            write_all(fd, all.substr(now.size), static_cast<off_t>(now.size));
            now.size += more;
        } else {
            now.size = random_number(now.size + 1);
            CHECK(ftruncate(fd, static_cast<off_t>(now.size)) == 0);
        }
        if (random_number(2)) {
            CHECK(fsync(fd) == 0);
            say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        }
        close(fd);
    }

    // The way programs replace a file so that the old one or the new one is there.
    void replace() {
        std::string name = any();
        if (name.empty())
            return;
        std::string spare = directory() + "/new";
        Known now{next_key++, any_size()};
        int fd = open(spare.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
        CHECK(fd >= 0);
        write_all(fd, content(now.key, now.size), 0);
        CHECK(fsync(fd) == 0);
        close(fd);
        say("either %s %lx %zu\n", name.c_str(), now.key, now.size);
        CHECK(rename(spare.c_str(), name.c_str()) == 0);
        sync_directory(name);
        say("whole %s %lx %zu\n", name.c_str(), now.key, now.size);
        files[name] = now;
    }

    void move() {
        std::string from = any(), to = new_name();
        if (from.empty() || from == to)
            return;
        say("change %s\nchange %s\n", from.c_str(), to.c_str());
        CHECK(rename(from.c_str(), to.c_str()) == 0);
        Known now = files[from];
        files.erase(from);
        files[to] = now;
        int fd = open(to.c_str(), O_RDWR);
        CHECK(fd >= 0 && fsync(fd) == 0);
        close(fd);
        sync_directory(to);
        say("whole %s %lx %zu\n", to.c_str(), now.key, now.size);
    }

    void remove() {
        std::string name = any();
        if (name.empty())
            return;
        say("change %s\n", name.c_str());
        CHECK(unlink(name.c_str()) == 0);
        files.erase(name);
    }

    void other_names() {
        std::string name = any(), link_name = directory() + "/l" + std::to_string(random_number(10));
        if (name.empty())
            return;
        if (unlink(link_name.c_str()) != 0)
            CHECK(random_number(2) ? link(name.c_str(), link_name.c_str()) == 0
                                   : symlink(std::string(random_number(200) + 1, 'x').c_str(), link_name.c_str()) == 0);
    }

    void directories() {
        std::string name = directory() + "/s" + std::to_string(random_number(5));
        if (mkdir(name.c_str(), 0755) != 0)
            CHECK(rmdir(name.c_str()) == 0);
    }

    void run(unsigned steps) {
        for (unsigned i = 0; i < steps; i++) {
            uint64_t kind = random_number(100);
            kind < 35   ? write_file()
            : kind < 55 ? grow_or_shrink()
            : kind < 70 ? replace()
            : kind < 78 ? move()
            : kind < 88 ? remove()
            : kind < 95 ? other_names()
                        : directories();
        }
        check();
    }

    // Everything is as it was written, synced or not.
    void check() {
        for (auto& [name, now] : files) {
            int fd = open(name.c_str(), O_RDONLY);
            CHECK(fd >= 0);
            CHECK(read_all(fd, now.size + 1) == content(now.key, now.size));
            close(fd);
        }
    }
};

int load(uint64_t seed, unsigned steps) {
    constexpr unsigned PROCESSES = 2;
    for (unsigned process = 0; process < PROCESSES; process++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            state = seed * 1000 + process;
            Load{{}, (seed << 32) + process * 1'000'000, process}.run(steps);
            _exit(0);
        }
    }
    int status, failures = 0;
    while (wait(&status) >= 0)
        failures += status != 0;
    say("done\n");
    return failures != 0;
}

// ---- the others -----------------------------------------------------------------------------------------------------

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
