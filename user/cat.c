/* cat [FILE...]: copies files, or standard input, to standard output. */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int copy(int from, const char* name) {
    char bytes[65536];
    ssize_t count;
    while ((count = read(from, bytes, sizeof bytes)) > 0)
        for (ssize_t done = 0, wrote; done < count; done += wrote)
            if ((wrote = write(STDOUT_FILENO, bytes + done, (size_t)(count - done))) < 0) {
                perror("cat: standard output");
                return 1;
            }
    if (count < 0)
        fprintf(stderr, "cat: "), perror(name);
    return count < 0;
}

int main(int argc, char** argv) {
    int status = argc < 2 ? copy(STDIN_FILENO, "standard input") : 0;
    for (int i = 1; i < argc; i++) {
        int file = open(argv[i], O_RDONLY);
        if (file < 0) {
            fprintf(stderr, "cat: "), perror(argv[i]);
            status = 1;
            continue;
        }
        status |= copy(file, argv[i]);
        close(file);
    }
    return status;
}
