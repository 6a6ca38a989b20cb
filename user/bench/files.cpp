// Pipes and files.
#include <fcntl.h>

#include "bench.h"

// FILES

// Two processes hand one byte to and fro.
long pipe_round_trip() {
    constexpr int TRIPS = 100;
    int there[2], back[2];
    if (pipe(there) || pipe(back)) give_up("pipe");
    pid_t child = fork();
    char byte = 0;
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1) _exit(1);
        _exit(0);
    }
    close(there[0]);
    long time = repeat(TRIPS, [&] {
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) give_up("pipe");
    });
    close(there[1]);
    wait_for(child);
    return time;
}

long pipe_4096() {
    static char bytes[PAGE];
    int ends[2];
    if (pipe(ends)) give_up("pipe");
    return repeat(100, [&] {
        if (write(ends[1], bytes, PAGE) != PAGE || read(ends[0], bytes, PAGE) != PAGE) give_up("pipe");
    });
}

constexpr size_t FILE_PAGES = 64;

static int scratch_file() {
    static char page[PAGE] = "bench";
    int fd = open("/tmp/bench.scratch", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) give_up("/tmp/bench.scratch");
    unlink("/tmp/bench.scratch");
    for (size_t i = 0; i < FILE_PAGES; i++)
        if (write(fd, page, PAGE) != PAGE) give_up("write");
    return fd;
}

long pread_4096() {
    static char bytes[PAGE];
    int fd = scratch_file();
    return repeat(100, [&] {
        if (pread(fd, bytes, PAGE, 8 * PAGE) != PAGE) give_up("pread");
    });
}

template <typename Access>
static long file_fault(Access access) {
    int fd = scratch_file();
    char* pages;
    long time = median(9, FILE_PAGES, [&] { access(pages); }, [&] { pages = map_pages(FILE_PAGES, MAP_PRIVATE, fd); },
                       [&] { munmap(pages, FILE_PAGES * PAGE); });
    close(fd);
    return time;
}

long file_read_fault() { return file_fault([](char* pages) { look(pages, FILE_PAGES); }); }
long file_write_fault() { return file_fault([](char* pages) { touch(pages, FILE_PAGES); }); }

long open_close() { return repeat(100, [] { close(open("/bin/true", O_RDONLY)); }); }
