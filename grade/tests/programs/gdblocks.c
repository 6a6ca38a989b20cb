/* gdblocks: two threads write much to the terminal at once, so that one waits until the other lets go of it. */

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static char text[16384];

static void* write_much(void* unused) {
    for (int i = 0; i < 3; i++) (void)!write(1, text, sizeof text);
    return unused;
}

int main(void) {
    memset(text, '.', sizeof text);
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_much, NULL)) return 1;
    write_much(NULL);
    return pthread_join(thread, NULL);
}
