/* cat [FILE...]: copies files, or standard input (also named -), to standard output. */

#include "tool.h"

int copy_bytes(int from, int to) {
    char bytes[65536];
    ssize_t count;
    while ((count = read(from, bytes, sizeof bytes)) > 0)
        for (ssize_t done = 0, wrote; done < count; done += wrote)
            if ((wrote = write(to, bytes + done, (size_t)(count - done))) < 0)
                return -1;
    return (int)count;
}

static int show(const char* name) {
    bool standard = strcmp(name, "-") == 0;
    int file = standard ? STDIN_FILENO : open(name, O_RDONLY), status = 0;
    if (file < 0 || copy_bytes(file, STDOUT_FILENO) < 0) {
        warn("%s", standard ? "standard input" : name);
        status = 1;
    }
    if (file > STDIN_FILENO)
        close(file);
    return status;
}

int main(int argc, char** argv) {
    int status = argc < 2 ? show("-") : 0;
    for (int i = 1; i < argc; i++)
        status |= show(argv[i]);
    return status;
}
