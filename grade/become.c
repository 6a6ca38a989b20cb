/* A function for GNU make: $(become COMMAND) lets the shell run COMMAND in make's own place.
 *
 * When a recipe fails, make ends with status 2 whatever the recipe's was. `make run` promises the program's own status,
 * so its recipe does not run as make's child: make is replaced by it. The variables that make would have told a child
 * about itself are left out, as the command is no longer part of a make.
 */

#include <gnumake.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int plugin_is_GPL_compatible;

static char* become(const char* name, unsigned int count, char** arguments) {
    (void)name, (void)count;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("MAKEFLAGS");
    unsetenv("MFLAGS");
    unsetenv("MAKELEVEL");
    execl("/bin/sh", "sh", "-c", arguments[0], (char*)NULL);
    perror("make: /bin/sh");
    _exit(126);
}

int become_gmk_setup(void) {
    gmk_add_function("become", become, 1, 1, GMK_FUNC_DEFAULT);
    return 1;
}
