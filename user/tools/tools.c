/* tools: all small programs of this folder in one file. /bin/ls, /bin/cat and so on are names of it (hard links), and the
 * name that it is called by says which one it is: `tools ls -l` is the same as `ls -l`. Each file's main has the name
 * ls_main here (-Dmain=ls_main); tools.list holds TOOL(ls) for each. */

#include "tool.h"

#include <sys/auxv.h>

#define TOOL(name) int name##_main(int argc, char** argv);
#include "tools.list"
#undef TOOL

static const struct tool {
    const char* name;
    int (*run)(int argc, char** argv);
} tools[] = {
#define TOOL(name) {#name, name##_main},
#include "tools.list"
};

static const struct tool* find(const char* path) {
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (strcmp(tools[i].name, basename(path)) == 0)
            return &tools[i];
    return NULL;
}

int main(int argc, char** argv) {
    const struct tool* tool = argc > 0 ? find(argv[0]) : NULL;
    if (!tool) /* argv[0] is whatever the caller said: what does the kernel say that was started? */
        tool = find((const char*)getauxval(AT_EXECFN));
    if (!tool && argc > 1 && (tool = find(argv[1])))
        argc--, argv++;
    if (tool)
        return tool->run(argc, argv);
    printf("tools:");
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        printf(" %s", tools[i].name);
    printf("\n");
    return MISUSED;
}
