// Advisory locks: a process's on ranges of a file (fcntl), an open file's on the whole (flock).

#include <signal.h>
#include <sys/file.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "locks";

struct flock range(short type, off_t start, off_t length, short whence = SEEK_SET) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = whence;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

int lock(int fd, short type, off_t start, off_t length, int command = F_SETLK) {
    struct flock wanted = range(type, start, length);
    return fcntl(fd, command, &wanted);
}

// What another process sees in the way of a write lock: "", or "w 10+5" for the first lock there.
std::string seen_by_another(int fd, off_t start, off_t length) {
    struct Answer { char text[64]; } &answer = shared<Answer>();
    pid_t holder = getpid();
    EXPECT(child([&] {
        struct flock lock = range(F_WRLCK, start, length);
        EXPECT(fcntl(fd, F_GETLK, &lock) == 0);
        EXPECT(lock.l_type == F_UNLCK || (lock.l_pid == holder && lock.l_whence == SEEK_SET));
        if (lock.l_type != F_UNLCK) {
            snprintf(answer.text, sizeof(answer.text), "%c %ld+%ld", lock.l_type == F_WRLCK ? 'w' : 'r', lock.l_start, lock.l_len);
        }
    }) == 0);
    return answer.text;
}

TEST(a_range_keeps_others_out) {
    int fd = make_file("f");
    EXPECT(lock(fd, F_WRLCK, 10, 10) == 0 && lock(fd, F_RDLCK, 30, 10) == 0);
    EXPECT(lock(fd, F_WRLCK, 10, 10) == 0);
    EXPECT(child([&] {
        EXPECT_ERROR(EAGAIN, lock(fd, F_RDLCK, 0, 11));
        EXPECT_ERROR(EAGAIN, lock(fd, F_WRLCK, 39, 1));
        EXPECT(lock(fd, F_RDLCK, 30, 10) == 0 && lock(fd, F_WRLCK, 20, 10) == 0 && lock(fd, F_WRLCK, 0, 10) == 0);
        EXPECT(lock(fd, F_UNLCK, 0, 0) == 0);
    }) == 0);
    EXPECT(seen_by_another(fd, 0, 0) == "w 10+10" && seen_by_another(fd, 20, 0) == "r 30+10" && seen_by_another(fd, 40, 0).empty());
}

TEST(ranges_split_and_join) {
    int fd = make_file("f");
    EXPECT(lock(fd, F_WRLCK, 0, 100) == 0 && lock(fd, F_UNLCK, 40, 20) == 0);
    EXPECT(seen_by_another(fd, 0, 0) == "w 0+40" && seen_by_another(fd, 40, 0) == "w 60+40" && seen_by_another(fd, 40, 20).empty());
    EXPECT(lock(fd, F_RDLCK, 10, 10) == 0);
    EXPECT(seen_by_another(fd, 0, 0) == "w 0+10" && seen_by_another(fd, 10, 10) == "r 10+10" && seen_by_another(fd, 20, 5) == "w 20+20");
    EXPECT(lock(fd, F_WRLCK, 10, 10) == 0 && lock(fd, F_WRLCK, 40, 20) == 0 && seen_by_another(fd, 50, 1) == "w 0+100");
    EXPECT(lock(fd, F_WRLCK, 90, 0) == 0 && seen_by_another(fd, 1'000'000, 1) == "w 0+0");
    EXPECT(lock(fd, F_UNLCK, 0, 0) == 0 && seen_by_another(fd, 0, 0).empty());
}

TEST(ranges_begin_where_they_are_told) {
    int fd = make_file("f", std::string(100, 'x'));
    struct flock at_end = range(F_WRLCK, -10, 20, SEEK_END), before = range(F_WRLCK, 50, -20);
    EXPECT(fcntl(fd, F_SETLK, &at_end) == 0 && seen_by_another(fd, 60, 0) == "w 90+20");
    EXPECT(fcntl(fd, F_SETLK, &before) == 0 && seen_by_another(fd, 0, 0) == "w 30+20");
    EXPECT(lseek(fd, 5, SEEK_SET) == 5);
    struct flock at_offset = range(F_WRLCK, 0, 1, SEEK_CUR);
    EXPECT(fcntl(fd, F_SETLK, &at_offset) == 0 && seen_by_another(fd, 0, 0) == "w 5+1");
    EXPECT_ERROR(EINVAL, lock(fd, F_WRLCK, -1, 10));
    EXPECT_ERROR(EINVAL, lock(fd, F_WRLCK, 5, -10));
    EXPECT_ERROR(EINVAL, lock(fd, 7, 0, 10));
    struct flock nowhere = range(F_WRLCK, 0, 1, 9);
    EXPECT_ERROR(EINVAL, fcntl(fd, F_SETLK, &nowhere));
    EXPECT_ERROR(EOVERFLOW, lock(fd, F_WRLCK, LONG_MAX, 2));
    EXPECT_ERROR(EFAULT, fcntl(fd, F_SETLK, BAD_ADDRESS));
    EXPECT_ERROR(EBADF, lock(open("f", O_RDONLY), F_WRLCK, 0, 1));
    EXPECT_ERROR(EBADF, lock(open("f", O_WRONLY), F_RDLCK, 0, 1));
    EXPECT_ERROR(EBADF, lock(99, F_RDLCK, 0, 1));
}

TEST(a_process_loses_its_locks_with_any_descriptor) {
    int fd = make_file("f");
    EXPECT(lock(fd, F_WRLCK, 0, 10) == 0 && seen_by_another(fd, 0, 0) == "w 0+10");
    close(open("f", O_RDONLY));
    EXPECT(seen_by_another(fd, 0, 0).empty());
    EXPECT(lock(fd, F_WRLCK, 0, 10) == 0 && close(dup(fd)) == 0 && seen_by_another(fd, 0, 0).empty());
    int ends[2];
    EXPECT(pipe(ends) == 0);
    pid_t other = start([&] {
        char c;
        EXPECT(lock(fd, F_WRLCK, 0, 10) == 0 && write(ends[1], "x", 1) == 1);
        EXPECT(read(ends[0], &c, 0) == 0);
        pause();
    });
    char c;
    EXPECT(read(ends[0], &c, 1) == 1);
    EXPECT_ERROR(EAGAIN, lock(fd, F_WRLCK, 0, 1));
    EXPECT(kill(other, SIGKILL) == 0 && wait_for(other) == -SIGKILL && lock(fd, F_WRLCK, 0, 1) == 0);
}

TEST(a_lock_can_be_waited_for) {
    int fd = make_file("f");
    int& order = shared<int>();
    EXPECT(lock(fd, F_WRLCK, 0, 10) == 0);
    pid_t waiter = start([&] {
        EXPECT(lock(fd, F_WRLCK, 5, 1, F_SETLKW) == 0 && order == 1);
    });
    sleep_ms(20);
    order = 1;
    EXPECT(lock(fd, F_RDLCK, 0, 10) == 0);
    sleep_ms(5);
    EXPECT(lock(fd, F_UNLCK, 5, 2) == 0 && wait_for(waiter) == 0);
    EXPECT(lock(fd, F_WRLCK, 0, 10) == 0);
    waiter = start([&] { lock(fd, F_WRLCK, 5, 1, F_SETLKW); });
    sleep_ms(5);
    EXPECT(kill(waiter, SIGKILL) == 0 && wait_for(waiter) == -SIGKILL);
}

// ---- flock ----------------------------------------------------------------------------------------------------------

TEST(flock_is_the_open_file_s) {
    int fd = make_file("f"), other = open("f", O_RDONLY), copy = dup(fd);
    EXPECT(flock(fd, LOCK_EX) == 0 && flock(copy, LOCK_EX | LOCK_NB) == 0);
    EXPECT_ERROR(EAGAIN, flock(other, LOCK_SH | LOCK_NB));
    EXPECT(child([&] { EXPECT(flock(fd, LOCK_EX | LOCK_NB) == 0 && close(fd) == 0); }) == 0);
    EXPECT_ERROR(EAGAIN, flock(other, LOCK_SH | LOCK_NB));
    EXPECT(lock(fd, F_WRLCK, 0, 0) == 0 && seen_by_another(fd, 0, 0) == "w 0+0");  // the two kinds do not meet
    EXPECT(flock(fd, LOCK_SH) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
    EXPECT_ERROR(EAGAIN, flock(other, LOCK_EX | LOCK_NB));
    EXPECT(flock(copy, LOCK_UN) == 0 && flock(other, LOCK_EX | LOCK_NB) == 0 && close(other) == 0);
    EXPECT(flock(fd, LOCK_EX | LOCK_NB) == 0 && close(fd) == 0);
    other = open("f", O_RDONLY);
    EXPECT_ERROR(EAGAIN, flock(other, LOCK_SH | LOCK_NB));
    EXPECT(close(copy) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
    int mapped = open("f", O_RDWR);
    EXPECT(write(mapped, "x", 1) == 1 && flock(other, LOCK_UN) == 0 && flock(mapped, LOCK_EX | LOCK_NB) == 0);
    void* memory = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, mapped, 0);
    EXPECT(memory != MAP_FAILED && close(mapped) == 0);
    EXPECT_ERROR(EAGAIN, flock(other, LOCK_SH | LOCK_NB));  // the mapping has the file open
    EXPECT(munmap(memory, PAGE) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
    EXPECT_ERROR(EINVAL, flock(other, LOCK_SH | LOCK_EX));
    EXPECT_ERROR(EINVAL, flock(other, 0));
    EXPECT_ERROR(EBADF, flock(99, LOCK_SH));
}

TEST(flock_can_be_waited_for) {
    int fd = make_file("f");
    EXPECT(flock(fd, LOCK_EX) == 0);
    pid_t waiter = start([] { EXPECT(flock(open("f", O_RDONLY), LOCK_SH) == 0); });
    sleep_ms(5);
    EXPECT(flock(fd, LOCK_UN) == 0 && wait_for(waiter) == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    waiter = start([] { flock(open("f", O_RDONLY), LOCK_SH); });
    sleep_ms(5);
    EXPECT(kill(waiter, SIGKILL) == 0 && wait_for(waiter) == -SIGKILL);
}

}  // namespace
