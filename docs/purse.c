/* purse: a child spends from its own purse, and the parent looks into its own. docs/debugging.md finds out who is wrong when
that is one purse. */

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int purse = 100;

__attribute__((noinline)) static void spend(int coins) { purse -= coins; }

__attribute__((noinline)) static void complain(void) { printf("purse: the parent has %d, not 100\n", purse); }

int main(void) {
    if (fork() == 0) {
        spend(30);
        _exit(0);
    }
    wait(NULL);
    if (purse == 100) return 0;
    complain();
    return 1;
}
