// Pipes, and waiting for several descriptors at once.

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/select.h>

#include "filetesting.h"

namespace {

constexpr char GROUP[] = "pipes";

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
    pollfd normal = {ends[1], POLLOUT | POLLWRNORM | POLLWRBAND, 0};
    EXPECT(poll(&normal, 1, 0) == 1 && normal.revents == (POLLOUT | POLLWRNORM));
    pid_t writer = fork();
    if (writer == 0) {
        usleep(20'000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    EXPECT(poll(files, 1, -1) == 1 && files[0].revents == POLLIN);
    normal = {ends[0], POLLRDNORM, 0};
    EXPECT(poll(&normal, 1, -1) == 1 && normal.revents == POLLRDNORM);
    close(ends[1]);
    waitpid(writer, nullptr, 0);
    EXPECT(poll(files, 1, -1) == 1 && files[0].revents == (POLLIN | POLLHUP));
}

TEST(a_pipe_says_how_much_is_in_it) {
    int ends[2], count = -1;
    char bytes[100];
    EXPECT(pipe(ends) == 0 && ioctl(ends[0], FIONREAD, &count) == 0 && count == 0);
    EXPECT(write(ends[1], bytes, 100) == 100 && read(ends[0], bytes, 30) == 30);
    EXPECT(ioctl(ends[0], FIONREAD, &count) == 0 && count == 70 && ioctl(ends[1], FIONREAD, &count) == 0 && count == 70);
}

TEST(a_pipe_goes_round_however_it_is_filled) {
    int ends[2];
    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
    std::string piece(9'000, 0), got(9'000, 0);
    unsigned char in = 0, out = 0;
    size_t filled = 0;
    for (int round = 0; round < 500; round++) {
        size_t size = 1 + (round * 7919u) % piece.size();
        for (size_t i = 0; i < size; i++) {
            piece[i] = static_cast<char>(in + i);
        }
        ssize_t put = write(ends[1], piece.data(), size);
        in += put > 0 ? put : 0;
        filled += put > 0 ? static_cast<size_t>(put) : 0;
        EXPECT(put > 0 || (errno == EAGAIN && filled > 0));
        ssize_t taken = read(ends[0], got.data(), round % 5 ? size / 2 + 1 : got.size());
        EXPECT(taken > 0);
        for (ssize_t i = 0; i < taken; i++) {
            EXPECT(static_cast<unsigned char>(got[static_cast<size_t>(i)]) == out++);
        }
        filled -= static_cast<size_t>(taken);
    }
}

TEST(a_read_that_fails_leaves_the_byte_in_the_pipe) {
    static char page[4096];
    char* volatile nowhere = reinterpret_cast<char*>(BAD_ADDRESS);
    int ends[2];
    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
    for (int round = 0; round < 20; round++) {  // each byte begins a page of the ring
        EXPECT(write(ends[1], page, sizeof(page)) == sizeof(page) && read(ends[0], page, sizeof(page)) == sizeof(page));
        char byte = 0;
        EXPECT(write(ends[1], "x", 1) == 1);
        EXPECT_ERROR(EFAULT, read(ends[0], nowhere, 1));
        EXPECT(read(ends[0], &byte, 1) == 1 && byte == 'x');
        EXPECT(write(ends[1], page, sizeof(page) - 1) == sizeof(page) - 1);
        EXPECT(read(ends[0], page, sizeof(page) - 1) == sizeof(page) - 1);
    }
}

// ---- select ---------------------------------------------------------------------------------------------------------

TEST(select_says_what_is_ready) {
    int ends[2], other[2];
    EXPECT(pipe(ends) == 0 && pipe(other) == 0);
    fd_set in, out;
    auto sets = [&] {
        FD_ZERO(&in);
        FD_ZERO(&out);
        FD_SET(ends[0], &in);
        FD_SET(other[0], &in);
        FD_SET(ends[1], &out);
    };
    sets();
    timeval none = {0, 0};
    EXPECT(select(other[1] + 1, &in, &out, nullptr, &none) == 1 && FD_ISSET(ends[1], &out) && !FD_ISSET(ends[0], &in));
    EXPECT(write(ends[1], "x", 1) == 1);
    sets();
    EXPECT(select(other[1] + 1, &in, &out, nullptr, nullptr) == 2 && FD_ISSET(ends[0], &in) && !FD_ISSET(other[0], &in));
    sets();
    EXPECT(select(ends[0], &in, nullptr, nullptr, &none) == 0 && !FD_ISSET(ends[0], &in));
    EXPECT(close(other[1]) == 0);
    sets();
    EXPECT(select(other[0] + 1, &in, nullptr, nullptr, nullptr) == 2 && FD_ISSET(other[0], &in));
    pid_t writer = start([&] {
        sleep_ms(20);
        EXPECT(write(ends[1], "y", 1) == 1);
    });
    char text[10];
    EXPECT(read(ends[0], text, 10) == 1);
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    EXPECT(select(ends[0] + 1, &in, nullptr, nullptr, nullptr) == 1 && wait_for(writer) == 0 && read(ends[0], text, 10) == 1);
    timeval soon = {0, 5000};
    FD_SET(ends[0], &in);
    EXPECT(select(ends[0] + 1, &in, nullptr, nullptr, &soon) == 0 && !FD_ISSET(ends[0], &in));
    FD_SET(other[1], &in);  // closed
    EXPECT_ERROR(EBADF, select(other[1] + 1, &in, nullptr, nullptr, &none));
    EXPECT_ERROR(EINVAL, select(-1, &in, nullptr, nullptr, &none));
    EXPECT_ERROR(EFAULT, syscall(SYS_pselect6, 10, BAD_ADDRESS, 0, 0, 0, 0));
}

}  // namespace
