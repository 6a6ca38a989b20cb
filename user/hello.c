/* hello: says what it was started with. */

#include <stdio.h>

int main(int argc, char** argv, char** environment) {
    printf("Hello! I was started with %d argument%s.\n", argc, argc == 1 ? "" : "s");
    for (int i = 0; argv[i] != NULL; i++)
        printf("  argv[%d] = \"%s\"\n", i, argv[i]);
    printf("My environment:\n");
    for (int i = 0; environment[i] != NULL; i++)
        printf("  %s\n", environment[i]);
    return 0;
}
