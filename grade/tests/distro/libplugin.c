// Loaded by dynamic.c while it runs; it needs libadd in turn.
#include <stdio.h>

int add(int a, int b);
static __thread char own[5000] = "thread-local";

int answer(void) { return add(30, 4) + own[0] - 't'; }

__attribute__((constructor)) static void made(void) { printf("plugin is here\n"); }
__attribute__((destructor)) static void gone(void) { printf("plugin is gone\n"); }
