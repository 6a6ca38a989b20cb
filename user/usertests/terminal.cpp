// The terminal, as far as it can be judged without a person at its keys: modes, window size, and whose it is. Most need a
// console that is one: `make qemu CMD='/bin/usertests terminal'` has it, `make run` has not.

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "testing.h"

namespace {

constexpr char GROUP[] = "terminal";

int open_console() {
    int fd = open("/dev/console", O_RDWR | O_NOCTTY);
    EXPECT(fd >= 0 && isatty(fd));
    return fd;
}

TEST(what_is_no_terminal_says_so) {
    int ends[2], file = open("f", O_RDWR | O_CREAT, 0644), null = open("/dev/null", O_RDWR);
    EXPECT(pipe(ends) == 0);
    termios modes;
    winsize size;
    for (int fd : {ends[0], ends[1], file, null}) {
        EXPECT_ERROR(ENOTTY, tcgetattr(fd, &modes));
        EXPECT_ERROR(ENOTTY, ioctl(fd, TIOCGWINSZ, &size));
        EXPECT_ERROR(ENOTTY, tcgetpgrp(fd));
        EXPECT(!isatty(fd));
    }
    EXPECT_ERROR(EBADF, tcgetattr(99, &modes));
}

TEST_BY_NAME(modes_can_be_set_and_read_back) {
    int fd = open_console();
    termios before, wanted, after;
    EXPECT(tcgetattr(fd, &before) == 0);
    wanted = before;
    wanted.c_lflag ^= ICANON | ECHO | ISIG;
    wanted.c_iflag ^= ICRNL;
    wanted.c_cc[VMIN] = 7;
    wanted.c_cc[VTIME] = 3;
    wanted.c_cc[VERASE] = 'e';
    EXPECT(tcsetattr(fd, TCSANOW, &wanted) == 0 && tcgetattr(fd, &after) == 0);
    EXPECT(tcsetattr(fd, TCSANOW, &before) == 0);
    EXPECT(after.c_lflag == wanted.c_lflag && after.c_iflag == wanted.c_iflag && after.c_oflag == before.c_oflag);
    EXPECT(after.c_cc[VMIN] == 7 && after.c_cc[VTIME] == 3 && after.c_cc[VERASE] == 'e');
    EXPECT(tcgetattr(fd, &after) == 0 && after.c_lflag == before.c_lflag);
}

TEST_BY_NAME(a_window_has_the_size_that_it_is_given) {
    int fd = open_console();
    winsize before, wanted{.ws_row = 33, .ws_col = 111, .ws_xpixel = 0, .ws_ypixel = 0}, after;
    EXPECT(ioctl(fd, TIOCGWINSZ, &before) == 0 && ioctl(fd, TIOCSWINSZ, &wanted) == 0);
    EXPECT(ioctl(fd, TIOCGWINSZ, &after) == 0 && after.ws_row == 33 && after.ws_col == 111);
    EXPECT(ioctl(fd, TIOCSWINSZ, &before) == 0);
}

TEST_BY_NAME(requests_with_bad_memory_are_refused) {
    int fd = open_console();
    for (unsigned long request : {TCGETS, TCSETS, TIOCGWINSZ, TIOCSWINSZ})
        EXPECT_ERROR(EFAULT, ioctl(fd, request, BAD_ADDRESS));
    EXPECT_ERROR(ENOTTY, ioctl(fd, 0x1234'5678, 0));
}

TEST_BY_NAME(a_session_without_a_terminal_has_none) {
    EXPECT(child([] {
        EXPECT(setsid() == getpid());
        EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
        int fd = open_console();
        EXPECT_ERROR(ENOTTY, tcgetpgrp(fd));
        EXPECT_ERROR(ENOTTY, tcsetpgrp(fd, getpid()));
        EXPECT_ERROR(ENOTTY, ioctl(fd, TIOCNOTTY));
    }) == 0);
}

TEST_BY_NAME(a_session_takes_a_terminal_and_gives_it_back) {
    EXPECT(child([] {
        int fd = open_console();
        EXPECT(setsid() == getpid());
        EXPECT(ioctl(fd, TIOCSCTTY, 1) == 0);
        EXPECT(tcgetpgrp(fd) == getpid() && tcgetsid(fd) == getpid());
        int terminal = open("/dev/tty", O_RDWR);
        EXPECT(terminal >= 0 && tcgetpgrp(terminal) == getpid());
        pid_t other = start([] { pause(); });
        EXPECT(setpgid(other, other) == 0 && tcsetpgrp(terminal, other) == 0 && tcgetpgrp(fd) == other);
        signal(SIGTTOU, SIG_IGN);
        EXPECT(tcsetpgrp(terminal, getpid()) == 0);
        EXPECT_ERROR(ESRCH, tcsetpgrp(terminal, 999'999));
        EXPECT_ERROR(EINVAL, tcsetpgrp(terminal, -1));
        kill(other, SIGKILL);
        EXPECT(wait_for(other) == -SIGKILL);
        signal(SIGHUP, SIG_IGN);
        EXPECT(ioctl(terminal, TIOCNOTTY) == 0);
        EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
    }) == 0);
}

TEST_BY_NAME(a_group_in_the_background_may_not_read) {
    EXPECT(child([] {
        int fd = open_console();
        EXPECT(setsid() == getpid() && ioctl(fd, TIOCSCTTY, 1) == 0);
        int terminal = open("/dev/tty", O_RDWR);
        pid_t pid = start([=] {
            setpgid(0, 0);
            char byte;
            EXPECT(read(terminal, &byte, 1) == -1);
        });
        int status = 0;
        EXPECT(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
        EXPECT(kill(pid, SIGKILL) == 0 && wait_for(pid) == -SIGKILL);
        EXPECT(child([=] {
            setpgid(0, 0);
            signal(SIGTTIN, SIG_IGN);
            char byte;
            EXPECT_ERROR(EIO, read(terminal, &byte, 1));
        }) == 0);
        signal(SIGHUP, SIG_IGN);
        EXPECT(ioctl(terminal, TIOCNOTTY) == 0);
    }) == 0);
}

}  // namespace
