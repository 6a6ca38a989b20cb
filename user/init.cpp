// init: the first process. Starts the shell, reaps whatever is orphaned, and powers the machine off when the shell is
// left.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void open_console() {
    if (fcntl(STDIN_FILENO, F_GETFD) >= 0) {
        return;
    }
    int console = open("/dev/console", O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        dup2(console, fd);
    }
    if (console > 2) {
        close(console);
    }
}

pid_t start_shell() {
    pid_t child = fork();
    if (child == 0) {
        setsid();
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);  // the shell's jobs can be stopped from the keyboard
        char name[] = "sh";
        char* arguments[] = {name, nullptr};
        execv("/bin/sh", arguments);
        perror("init: /bin/sh");
        _exit(127);
    }
    return child;
}

// Waits for any child, orphans included, until the shell itself has ended; returns its wait status.
int reap_until(pid_t shell) {
    int status = 0;
    for (;;) {
        pid_t ended = wait(&status);
        if (ended == shell || ended < 0) {
            return status;
        }
    }
}

}  // namespace

int main() {
    open_console();
    int status = 0;
    for (;;) {
        pid_t shell = start_shell();
        if (shell < 0) {
            perror("init: fork");
            status = 1;
            break;
        }
        status = reap_until(shell);
        if (WIFEXITED(status)) {
            break;
        }
        printf("init: the shell was killed by signal %d, starting another\n", WTERMSIG(status));
        fflush(stdout);
    }
    sync();
    reboot(RB_POWER_OFF);
    return WEXITSTATUS(status);  // no reboot(2) here: leaving process 1 ends the machine, too
}
