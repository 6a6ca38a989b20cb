/* gdbscene: brings itself into a state that is known in every detail, and calls scene(), where a debugger looks. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static int quiet_pipe[2]; /* nobody ever writes */

static void check(int is_right, const char* what) {
    if (is_right) return;
    perror(what);
    exit(1);
}

static void* wait_for_ever(void* unused) {
    char byte;
    (void)!read(quiet_pipe[0], &byte, 1);
    return unused;
}

/* Until the process sleeps or is a zombie, as /proc/PID/stat says it. */
static void await_state(pid_t pid, char state) {
    char name[64], text[256];
    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    for (;;) {
        FILE* file = fopen(name, "r");
        check(file != NULL, name);
        check(fgets(text, sizeof text, file) != NULL, name);
        fclose(file);
        if (strrchr(text, ')')[2] == state) return;
        sched_yield();
    }
}

__attribute__((noinline)) void scene(volatile int* reached) { (*reached)++; }

int main(void) {
    char five[5];
    check(open("/etc/motd", O_RDONLY | O_CLOEXEC) == 3 && read(3, five, sizeof five) == 5, "/etc/motd");
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    volatile char* area = mmap((void*)0x20000000, 8 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    check(area == (void*)0x20000000, "mmap");
    area[0] = area[PAGE] = area[3 * PAGE] = 1;
    check(mprotect((void*)(area + 3 * PAGE), PAGE, PROT_NONE) == 0, "mprotect");
    check(munmap((void*)(area + 5 * PAGE), PAGE) == 0, "munmap");
    void* shared = mmap((void*)0x20100000, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    check(shared == (void*)0x20100000, "mmap");
    check(pipe(quiet_pipe) == 0, "pipe");

    pid_t sleeper = fork();
    if (sleeper == 0) wait_for_ever(NULL);
    await_state(sleeper, 'S');
    pid_t zombie = fork();
    if (zombie == 0) _exit(7);
    await_state(zombie, 'Z');
    pthread_t thread;
    check(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0, "pthread_create");

    volatile int reached = 0;
    scene(&reached);
    (void)!write(1, "done\n", 5);
    kill(sleeper, SIGKILL);
    return 0;
}
