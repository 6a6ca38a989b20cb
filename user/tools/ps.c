/* ps: the processes there are, from /proc/PID/stat: number, parent, group, session, state (R runs, S sleeps, T is stopped, Z
 * has ended and is not waited for), resident memory in KiB, and the words it was started with. */

#include "tool.h"

#include <dirent.h>
#include <ctype.h>

struct process {
    int pid, parent, group, session;
    char state, name[64];
    long resident_pages;
};

/* The name stands in parentheses and may hold some: what counts is the last. */
static bool read_stat(const char* pid, struct process* process) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    int file = open(path, O_RDONLY);
    ssize_t size = file >= 0 ? read(file, text, sizeof text - 1) : -1;
    if (file >= 0)
        close(file);
    if (size <= 0)
        return false;
    text[size] = 0;
    char* end = strrchr(text, ')');
    if (!end || sscanf(text, "%d (%63[^\n]", &process->pid, process->name) != 2)
        return false;
    if (strrchr(process->name, ')'))
        *strrchr(process->name, ')') = 0;
    /* state ppid pgrp session, 17 fields that we do not need, vsize, rss: proc_pid_stat(5) */
    process->resident_pages = 0;
    return sscanf(end + 1, " %c %d %d %d" "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s" "%ld",
                  &process->state, &process->parent, &process->group, &process->session, &process->resident_pages) >= 4;
}

/* Its words with blanks between them; nothing of a process that has ended. */
static void print_words(const struct process* process) {
    char path[64], words[200];
    snprintf(path, sizeof path, "/proc/%d/cmdline", process->pid);
    int file = open(path, O_RDONLY);
    ssize_t size = file >= 0 ? read(file, words, sizeof words) : -1;
    if (file >= 0)
        close(file);
    if (size <= 0)
        printf("[%s]", process->name);
    for (ssize_t i = 0; i < size; i++)
        if (words[i] || i < size - 1)
            putchar(words[i] ? words[i] : ' ');
    putchar('\n');
}

static int is_process(const struct dirent* entry) { return isdigit((unsigned char)entry->d_name[0]); }

int main(void) {
    struct dirent** entries;
    int count = scandir("/proc", &entries, is_process, versionsort);
    if (count < 0)
        err(1, "/proc");
    printf("  PID  PPID  PGRP   SID S   RSS COMMAND\n");
    for (int i = 0; i < count; i++) {
        struct process process;
        if (!read_stat(entries[i]->d_name, &process))
            continue;
        printf("%5d %5d %5d %5d %c %5ld ", process.pid, process.parent, process.group, process.session, process.state,
               process.resident_pages * (sysconf(_SC_PAGESIZE) / 1024));
        print_words(&process);
    }
    return 0;
}
