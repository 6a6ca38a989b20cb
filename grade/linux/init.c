/* The first process of run-on-linux. Runs one program without a terminal, as `make run` does on Astrolabe: standard
 * input is empty, output and errors go into one pipe. Copies the pipe to the console byte by byte, then reports how the
 * program ended.
 *
 * What it needs is in /.run: the nonce of this boot, the seconds to wait before the start, then the program's words,
 * each ended by a NUL. The console carries, like Astrolabe's, frames 0x1e NONCE ':' text 0x1f: "started", later "ended
 * STATUS". */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { MAX_WORDS = 4096, MAX_BYTES = 1 << 20 };

static char bytes[MAX_BYTES + 1];
static char* words[MAX_WORDS + 1];
static int console;

static void read_orders(void) {
    int file = open("/.run", O_RDONLY);
    ssize_t length = read(file, bytes, MAX_BYTES), count = 0;
    close(file);
    for (char* word = bytes; word < bytes + length && count < MAX_WORDS; word += strlen(word) + 1)
        words[count++] = word;
}

/* The console as a plain channel of bytes: nothing is echoed, and no line end is changed. */
static void open_console(void) {
    struct termios settings;
    console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
    tcgetattr(console, &settings);
    cfmakeraw(&settings);
    tcsetattr(console, TCSANOW, &settings);
}

static void write_all(const char* from, size_t length) {
    while (length > 0) {
        ssize_t wrote = write(console, from, length);
        if (wrote < 0 && errno != EINTR)
            return;
        from += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
}

static void frame(const char* text, int number) {
    char line[256];
    int length = number < 0 ? snprintf(line, sizeof line, "\x1e%s:%s\x1f", words[0], text)
                            : snprintf(line, sizeof line, "\x1e%s:%s %d\x1f", words[0], text, number);
    write_all(line, (size_t)length);
}

static pid_t start(int output) {
    static char* environment[] = {"HOME=/", "PATH=/bin:/sbin:/usr/bin", "TERM=linux", NULL};
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGCHLD, SIG_DFL);
        dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execve(words[2], words + 2, environment);
        dprintf(STDERR_FILENO, "%s: %s\n", words[2], strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
    }
    return child;
}

/* Copies what is in the pipe; returns when it is empty for now, or closed. */
static void drain(int pipe) {
    char part[65536];
    ssize_t count;
    while ((count = read(pipe, part, sizeof part)) > 0)
        write_all(part, (size_t)count);
}

static void wake(int number) { (void)number; }

/* Copies output until the child has ended: a process it left behind may hold the pipe open for ever. Returns its wait
 * status. */
static int relay(pid_t child, int pipe) {
    sigset_t none;
    int status = 0;
    sigemptyset(&none);
    fcntl(pipe, F_SETFL, O_NONBLOCK);
    for (;;) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        drain(pipe);
        if (ended == child)
            return status;
        struct pollfd wanted = {.fd = pipe, .events = POLLIN};
        if (ended == 0)
            ppoll(&wanted, 1, NULL, &none);
        else if (ended < 0)
            return status;
    }
}

int main(void) {
    int ends[2];
    sigset_t child_ended;
    struct sigaction action = {.sa_handler = wake};

    mount("proc", "/proc", "proc", 0, "");
    mount("sysfs", "/sys", "sysfs", 0, "");
    mount("devtmpfs", "/dev", "devtmpfs", 0, "");
    mount("tmpfs", "/tmp", "tmpfs", 0, "");
    read_orders();
    open_console();

    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, NULL);
    sigaction(SIGCHLD, &action, NULL);
    pipe2(ends, O_CLOEXEC);
    if (atoi(words[1]) > 0)
        sleep((unsigned)atoi(words[1]));

    frame("started", -1);
    pid_t child = start(ends[1]);
    int status = child < 0 ? 126 << 8 : (close(ends[1]), relay(child, ends[0]));
    frame("ended", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    tcdrain(console);
    sync();
    reboot(RB_POWER_OFF);
}
