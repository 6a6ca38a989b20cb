// The library dynamic.c is linked with.
#include <stdio.h>

__thread int of_this_thread = 100;
int in_library = 7;

int overridden(void) { return 0; }
int add(int a, int b) { return a + b + in_library * overridden(); }
int call_back(int (*function)(int), int argument) { return function(argument); }

__attribute__((constructor)) static void made(void) { printf("libadd is here\n"); }
__attribute__((destructor)) static void gone(void) { printf("libadd is gone\n"); }
