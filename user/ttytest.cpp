// ttytest MODE: what a program on a terminal sees, for grade/tests/test_terminal.py, which plays the keyboard and
// compares this kernel with the Linux it runs on. Started as the first process it begins a session on the console.
//
//   lines [+FLAG | -FLAG]...   sets flags of c_lflag, then shows what each read gives, to the end of the input
//   raw MIN [TIME]             the same without line editing, to a 'q'
//   job                        a foreground job to stop, continue and kill: answers to `fg`, `bg` and `end`
//   flood                      a foreground job that writes for ever
//   background                 what a job in the background may not do
//   session                    whose terminal it is: what the calls about that say
//   settings                   what is set can be read back

#include <errno.h>
#include <fcntl.h>
#include <map>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace {

const std::map<std::string, tcflag_t> FLAGS = {
    {"ISIG", ISIG}, {"ICANON", ICANON}, {"ECHO", ECHO}, {"TOSTOP", TOSTOP}, {"IEXTEN", IEXTEN},
};

const char* outcome(long result) { return result < 0 ? strerrorname_np(errno) : "ok"; }

void show_bytes(const char* bytes, ssize_t count) {
    printf("<");
    for (ssize_t i = 0; i < count; i++)
        printf(bytes[i] >= ' ' && bytes[i] < 127 ? "%c" : "\\%03o", static_cast<unsigned char>(bytes[i]));
    printf("%s>\n", count < 0 ? strerrorname_np(errno) : "");
}

termios settings() {
    termios now;
    if (tcgetattr(0, &now) != 0) {
        perror("tcgetattr");
        exit(1);
    }
    return now;
}

// What Linux's own terminals start with beyond ours.
void make_alike() {
    termios now = settings();
    now.c_iflag = ICRNL;
    now.c_oflag = OPOST | ONLCR;
    now.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    tcsetattr(0, TCSANOW, &now);
}

int lines(char** flags) {
    termios now = settings();
    for (; *flags; flags++) {
        tcflag_t flag = FLAGS.at(*flags + 1);
        now.c_lflag = **flags == '+' ? now.c_lflag | flag : now.c_lflag & ~flag;
    }
    tcsetattr(0, TCSANOW, &now);
    printf("set\n");
    char bytes[100];
    ssize_t count;
    do {
        count = read(0, bytes, sizeof(bytes));
        show_bytes(bytes, count);
    } while (count > 0);
    return 0;
}

int raw(int minimum, int tenths) {
    termios before = settings(), now = before;
    now.c_lflag = 0;
    now.c_iflag = 0;
    now.c_cc[VMIN] = static_cast<cc_t>(minimum);
    now.c_cc[VTIME] = static_cast<cc_t>(tenths);
    tcsetattr(0, TCSAFLUSH, &now);
    printf("set\n");
    char bytes[100] = "";
    ssize_t count;
    do {
        count = read(0, bytes, sizeof(bytes));
        if (count || tenths) show_bytes(bytes, count);
    } while (count < 0 || !memchr(bytes, 'q', static_cast<size_t>(count)));
    tcsetattr(0, TCSADRAIN, &before);
    return 0;
}

void show_status(int status) {
    if (WIFSTOPPED(status)) printf("stopped by %s\n", sigabbrev_np(WSTOPSIG(status)));
    if (WIFCONTINUED(status)) printf("continued\n");
    if (WIFSIGNALED(status)) printf("killed by %s\n", sigabbrev_np(WTERMSIG(status)));
    if (WIFEXITED(status)) printf("exited with %d\n", WEXITSTATUS(status));
}

// A child in a group of its own.
template <typename Body>
pid_t start_job(bool foreground, Body body) {
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        if (foreground) tcsetpgrp(0, getpid());
        signal(SIGTTOU, SIG_DFL);
        _exit(body());
    }
    setpgid(pid, pid);
    if (foreground) tcsetpgrp(0, pid);
    return pid;
}

int job() {
    signal(SIGTTOU, SIG_IGN);
    pid_t pid = start_job(true, [] {
        printf("job runs\n");
        char bytes[100];
        while (read(0, bytes, sizeof(bytes)) > 0)
            printf("job read %.*s\n", static_cast<int>(strcspn(bytes, "\n")), bytes);
        return 5;
    });
    for (;;) {
        int status;
        if (waitpid(pid, &status, WUNTRACED) != pid) return 1;
        tcsetpgrp(0, getpgrp());
        show_status(status);
        if (!WIFSTOPPED(status)) return 0;
        printf("shell> ");
        char answer[100] = "";
        if (!fgets(answer, sizeof(answer), stdin) || !strcmp(answer, "end\n")) kill(pid, SIGKILL);
        if (!strcmp(answer, "fg\n")) tcsetpgrp(0, pid);
        kill(pid, SIGCONT);
    }
}

int flood() {
    signal(SIGTTOU, SIG_IGN);
    std::string text(4096, 'x');
    pid_t pid = start_job(true, [&] {
        while (write(1, text.data(), text.size()) > 0) continue;
        return 1;
    });
    int status;
    waitpid(pid, &status, 0);
    tcsetpgrp(0, getpgrp());
    printf("\n");
    show_status(status);
    return 0;
}

// Does it in the background, and then in the foreground when it was stopped for it.
template <typename Body>
void try_in_background(const char* what, Body body) {
    pid_t pid = start_job(false, body);
    int status;
    waitpid(pid, &status, WUNTRACED);
    printf("%s: ", what);
    show_status(status);
    if (!WIFSTOPPED(status)) return;
    tcsetpgrp(0, pid);
    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    tcsetpgrp(0, getpgrp());
    show_status(status);
}

int background() {
    signal(SIGTTOU, SIG_IGN);
    termios with_tostop = settings(), without = with_tostop;
    with_tostop.c_lflag |= TOSTOP;
    try_in_background("read", [] {
        char bytes[100];
        return static_cast<int>(read(0, bytes, sizeof(bytes)));
    });
    try_in_background("ignoring read", [] {
        signal(SIGTTIN, SIG_IGN);
        char byte;
        return read(0, &byte, 1) < 0 && errno == EIO ? 42 : 0;
    });
    try_in_background("write", [] { return write(1, "written\n", 8) == 8 ? 42 : 0; });
    tcsetattr(0, TCSANOW, &with_tostop);
    try_in_background("write with tostop", [] { return write(1, "written\n", 8) == 8 ? 42 : 0; });
    try_in_background("ignoring write with tostop", [] {
        signal(SIGTTOU, SIG_IGN);
        return write(1, "written\n", 8) == 8 ? 42 : 0;
    });
    tcsetattr(0, TCSANOW, &without);
    try_in_background("tcsetattr", [] {
        termios now = settings();
        return tcsetattr(0, TCSANOW, &now) == 0 ? 42 : 0;
    });
    try_in_background("tcsetpgrp", [] { return tcsetpgrp(0, getpgrp()) == 0 ? 42 : 0; });
    try_in_background("tcgetattr", [] { return settings().c_lflag & ICANON ? 42 : 0; });
    try_in_background("orphan's read", [] {
        int ends[2];
        if (pipe(ends) != 0) return 1;
        pid_t middle = fork();
        if (middle == 0) {
            pid_t parent = getpid();
            if (fork() == 0) {
                setpgid(0, 0);
                while (getppid() == parent) usleep(1000);
                char byte;
                char answer = read(0, &byte, 1) < 0 && errno == EIO ? 42 : 0;
                (void)!write(ends[1], &answer, 1);
                _exit(0);
            }
            _exit(0);
        }
        waitpid(middle, nullptr, 0);
        char answer = 0;
        (void)!read(ends[0], &answer, 1);
        return static_cast<int>(answer);
    });
    return 0;
}

int resized_count;

int session() {
    printf("leads: %d, of the terminal: %d\n", getsid(0) == getpid(), tcgetsid(0) == getsid(0));
    printf("foreground: %d\n", tcgetpgrp(0) == getpgrp());
    int tty = open("/dev/tty", O_RDWR);
    printf("/dev/tty: %s, the same: %d\n", outcome(tty), tcgetpgrp(tty) == tcgetpgrp(0));
    printf("again: %s\n", outcome(ioctl(0, TIOCSCTTY, 0)));
    int group = 0;
    printf("no group: %s\n", outcome(tcsetpgrp(0, 999'999)));
    printf("negative: %s\n", outcome(ioctl(0, TIOCSPGRP, &(group = -1))));
    printf("bad address: %s\n", outcome(ioctl(0, TIOCSPGRP, 8)));
    printf("bad request: %s\n", outcome(ioctl(0, 0x54ff, 8)));
    int ends[2];
    (void)!pipe(ends);
    pid_t other = fork();
    if (other == 0) {
        printf("new session: %s\n", outcome(setsid()));
        printf("/dev/tty: %s\n", outcome(open("/dev/tty", O_RDWR)));
        printf("its group: %s\n", outcome(tcgetpgrp(0)));
        printf("its session: %s\n", outcome(tcgetsid(0)));
        printf("set group: %s\n", outcome(tcsetpgrp(0, getpgrp())));
        printf("take: %s\n", outcome(ioctl(0, TIOCSCTTY, 0)));
        fflush(stdout);
        char byte;
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    usleep(200'000);
    printf("group of another session: %s\n", outcome(tcsetpgrp(0, other)));
    (void)!write(ends[1], "x", 1);
    waitpid(other, nullptr, 0);

    signal(SIGWINCH, [](int) { resized_count++; });
    winsize size = {.ws_row = 33, .ws_col = 77, .ws_xpixel = 1, .ws_ypixel = 2}, seen = {};
    printf("resize: %s\n", outcome(ioctl(0, TIOCSWINSZ, &size)));
    ioctl(0, TIOCSWINSZ, &size);
    ioctl(tty, TIOCGWINSZ, &seen);
    printf("size: %d %d %d %d, signals: %d\n", seen.ws_row, seen.ws_col, seen.ws_xpixel, seen.ws_ypixel, resized_count);

    signal(SIGHUP, [](int) { printf("hung up\n"); });
    signal(SIGCONT, [](int) { printf("continued\n"); });
    printf("give up: %s\n", outcome(ioctl(tty, TIOCNOTTY, 0)));
    printf("its group: %s\n", outcome(tcgetpgrp(0)));
    printf("/dev/tty: %s\n", outcome(open("/dev/tty", O_RDWR)));
    printf("take: %s\n", outcome(ioctl(0, TIOCSCTTY, 0)));
    printf("its group: %d\n", tcgetpgrp(0) == getpgrp());
    return 0;
}

int set_and_get() {
    termios before = settings(), now = before, seen;
    now.c_iflag = ICRNL | IGNCR;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    now.c_cc[VINTR] = 'x';
    printf("tcsetattr: %s\n", outcome(tcsetattr(0, TCSADRAIN, &now)));
    seen = settings();
    printf("%o %o %d\n", seen.c_iflag, seen.c_lflag, seen.c_cc[VINTR]);
    printf("bad address: %s %s\n", outcome(ioctl(0, TCGETS, 8)), outcome(ioctl(0, TCSETS, 8)));
    printf("flush: %s %s\n", outcome(tcflush(0, TCIFLUSH)), outcome(tcflush(0, 77)));
    printf("drain: %s\n", outcome(tcdrain(1)));
    tcsetattr(0, TCSANOW, &before);
    return 0;
}

// The first process, which waits for all, starts another one that leads a session with the console as its terminal.
void become_shell() {
    pid_t shell = fork();
    if (shell == 0) {
        setsid();
        ioctl(0, TIOCSCTTY, 0);
        return;
    }
    int status = 0;
    while (wait(&status) != shell) continue;
    exit(WEXITSTATUS(status));
}

}  // namespace

int main(int argc, char** argv) {
    setvbuf(stdout, nullptr, _IONBF, 0);
    if (getpid() == 1) become_shell();
    std::string mode = argc > 1 ? argv[1] : "";
    make_alike();
    printf("ready\n");
    return mode == "lines" ? lines(argv + 2)
           : mode == "raw" && argc >= 3 ? raw(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 0)
           : mode == "job" ? job()
           : mode == "flood" ? flood()
           : mode == "background" ? background()
           : mode == "session" ? session()
           : mode == "settings" ? set_and_get()
                                : (printf("ttytest: no such mode: %s\n", mode.c_str()), 2);
}
