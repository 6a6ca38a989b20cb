/* bomb: makes processes, then threads, until the kernel says no; kills them all; then as much memory must be free as before. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sysinfo now(void)
{
    struct sysinfo info;
    sysinfo(&info);
    return info;
}

static void *wait_for_ever(void *nothing)
{
    pause();
    return nothing;
}

/* Each child goes on making children. */
static void bomb_with_processes(int end)
{
    for (int i = 0; i < 20000; i++)
        if (fork() < 0) {
            char byte = errno == EAGAIN || errno == ENOMEM ? 'n' : '?';
            write(end, &byte, 1);
            for (;;)
                pause();
        }
}

static void bomb_with_threads(int end)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int error;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    while ((error = pthread_create(&thread, &attributes, wait_for_ever, NULL)) == 0) {
    }
    write(end, error == EAGAIN ? "n" : "?", 1);
    for (;;)
        pause();
}

static int explode(const char *name, void (*bomb)(int))
{
    struct sysinfo before = now();
    int ends[2];
    char byte = 0;
    pipe(ends);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        bomb(ends[1]);
        _exit(1);
    }
    read(ends[0], &byte, 1);
    int many = now().procs > before.procs + 100;
    while (kill(-pid, SIGKILL) == 0)
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    while (waitpid(-1, NULL, 0) > 0) {
    }
    close(ends[0]);
    close(ends[1]);
    int whole = now().freeram >= before.freeram && now().procs == before.procs;
    printf("%s: %s, %s, %s\n", name, byte == 'n' ? "refused" : "an odd error", many ? "many" : "few", whole ? "all is free" : "lost");
    fflush(stdout);
    return byte == 'n' && many && whole;
}

int main(void)
{
    explode("first", bomb_with_processes); /* fills the kernel's own caches */
    return !(explode("processes", bomb_with_processes) & explode("threads", bomb_with_threads));
}
