// Pipes, and waiting for several descriptors at once.

#include <poll.h>
#include <signal.h>

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

}  // namespace
