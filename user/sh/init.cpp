// init: the first process. Mounts what every program expects, starts the shell on the console, reaps whatever is orphaned,
// and powers the machine off when the shell is left. It is the shell's program by another name, so what both use of the C
// library is in memory once.

#include "sh.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// Unless the kernel, or whoever started it, has done so.
void mount_unless(const char* sign, const char* type, const char* directory) {
    if (access(sign, F_OK) == 0) return;
    mkdir(directory, 0755);
    if (mount(type, directory, type, 0, nullptr) != 0) perror(directory);
}

void open_console() {
    if (fcntl(STDIN_FILENO, F_GETFD) >= 0) return;
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        dup2(console, fd);
    if (console > 2) close(console);
}

// The shell leads a session of its own whose terminal is the console, so that ^C and ^Z reach its jobs. It gets that
// terminal's own descriptor: Linux lets any process read from /dev/console, also one in the background.
[[noreturn]] void become_shell() {
    setsid();
    ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    for (int fd = 0; terminal >= 0 && fd < 3; fd++)
        dup2(terminal, fd);
    char name[] = "sh";
    char* arguments[] = {name, nullptr};
    execv("/bin/sh", arguments);
    perror("init: /bin/sh");
    _exit(127);
}

// Waits for any child, orphans included, until the shell itself has ended; returns its wait status.
int reap_until(pid_t shell) {
    int status = 0;
    for (;;) {
        pid_t ended = wait(&status);
        if (ended == shell || ended < 0) return status;
    }
}

// The status that the shell was left with. One that was killed is replaced.
int run_shell() {
    for (;;) {
        pid_t shell = vfork();  // it only becomes another program
        if (shell < 0) {
            perror("init: vfork");
            return 1;
        }
        if (shell == 0) become_shell();
        int status = reap_until(shell);
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        printf("init: the shell was killed by SIG%s, starting another\n", sigabbrev_np(WTERMSIG(status)));
        fflush(stdout);
    }
}

}  // namespace

int run_init() {
    mount_unless("/dev/null", "devtmpfs", "/dev");
    mount_unless("/proc/self", "proc", "/proc");
    open_console();
    int status = run_shell();
    sync();
    reboot(RB_POWER_OFF);
    return status;  // no reboot(2) here: leaving process 1 ends the machine, too
}
