/* env [NAME=VALUE...] [PROGRAM ARGUMENT...]: runs a program with more in its environment, or shows that. */

#include "tool.h"

int main(int argc, char** argv) {
    int i = 1;
    for (; i < argc && strchr(argv[i], '='); i++)
        putenv(argv[i]);
    if (i < argc) {
        execvp(argv[i], argv + i);
        err(errno == ENOENT ? 127 : 126, "%s", argv[i]);
    }
    for (char** variable = environ; *variable; variable++)
        puts(*variable);
    return 0;
}
