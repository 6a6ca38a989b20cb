// A program linked with two shared libraries, one of them loaded by name while it runs.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern __thread int of_this_thread;
extern int in_library;
int add(int a, int b);
int call_back(int (*function)(int), int argument);

// Replaces the library's own.
int overridden(void) { return 1; }

static int twice(int value) { return 2 * value; }

static void at_exit(void) { puts("atexit"); }

static void* in_thread(void* argument) {
    of_this_thread += *(int*)argument;
    return (void*)(long)of_this_thread;
}

static int count_objects(struct dl_phdr_info* info, size_t size, void* counted) {
    (void)info, (void)size;
    ++*(int*)counted;
    return 0;
}

int main(void) {
    atexit(at_exit);
    printf("%d %d %d\n", add(2, 3), in_library, call_back(twice, 21));
    in_library = 8;
    printf("%d %d\n", add(2, 3), of_this_thread);

    static int added[] = {0, 10, 20, 30};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, in_thread, &added[i]);
    for (int i = 0; i < 4; i++) {
        void* result;
        pthread_join(threads[i], &result);
        printf("thread %d: %ld\n", i, (long)result);
    }

    void* plugin = dlopen("libplugin.so", RTLD_NOW);
    int (*answer)(void) = plugin ? (int (*)(void))dlsym(plugin, "answer") : NULL;
    printf("plugin %d\n", answer ? answer() : -1);
    printf("closed %d\n", dlclose(plugin));
    printf("missing: %s\n", dlopen("libmissing.so", RTLD_LAZY) ? "found" : dlerror());
    int objects = 0;
    dl_iterate_phdr(count_objects, &objects);
    printf("%d objects\n", objects);
    return 3;
}
