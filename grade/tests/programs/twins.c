/* twins: runs itself as another program of the same shape, so that two processes have other code at the same addresses. */

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noinline)) int NAME(int number) {
    printf("%d\n", number);
    fflush(stdout);
    return number + 1;
}

int main(int argc, char** argv) {
    (void)argv;
    if (argc > 1 && fork() == 0) {
        execl(argv[1], argv[1], (char*)0);
        _exit(1);
    }
    if (argc > 1) wait(0);
    return NAME(argc) == 0;
}
