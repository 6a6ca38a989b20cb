#include "scenario.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr size_t PAGE = 4096;
constexpr int RW = PROT_READ | PROT_WRITE;
constexpr char FILE_NAME[] = "/tmp/failnth.file", NEW_NAME[] = "/tmp/failnth.new";

char* map(size_t pages, int flags, int fd = -1) {
    void* place = mmap(nullptr, pages * PAGE, RW, flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    return place == MAP_FAILED ? nullptr : static_cast<char*>(place);
}

void touch(char* place, size_t pages) {
    for (size_t i = 0; place && i < pages; i++) place[i * PAGE]++;
}

void use_mappings() {
    char* place = map(8, MAP_PRIVATE);
    touch(place, 8);
    if (place) {
        mprotect(place + 2 * PAGE, PAGE, PROT_READ);
        mprotect(place + 4 * PAGE, PAGE, PROT_NONE);
        munmap(place + 6 * PAGE, PAGE);
        mremap(place, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
        madvise(place + 2 * PAGE, 2 * PAGE, MADV_DONTFORK);
        munmap(place, 8 * PAGE);
    }
    touch(map(4, MAP_SHARED), 4);
    char* far = static_cast<char*>(mmap(reinterpret_cast<void*>(0x3000000000), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (far != MAP_FAILED) touch(far, 1);  // new page tables
    int fd = open(FILE_NAME, O_RDWR);
    touch(map(3, MAP_SHARED, fd), 3);
    touch(map(3, MAP_PRIVATE, fd), 3);
    if (fd >= 0) close(fd);
    if (sbrk(5 * PAGE) != reinterpret_cast<void*>(-1)) sbrk(-5 * static_cast<intptr_t>(PAGE));
}

void use_files() {
    int ends[2];
    if (pipe(ends) == 0) {
        char bytes[2 * PAGE] = {};
        if (write(ends[1], bytes, sizeof(bytes)) > 0 && read(ends[0], bytes, sizeof(bytes)) > 0) close(dup(ends[0]));
        close(ends[0]);
        close(ends[1]);
    }
    int fd = open(NEW_NAME, O_RDWR | O_CREAT, 0600);
    if (fd >= 0) {
        (void)!write(fd, "new", 3);
        (void)!pwrite(fd, "far", 3, 1 << 20);
        close(fd);
    }
    unlink(NEW_NAME);
    fd = open("/proc/self/maps", O_RDONLY);
    char text[512];
    if (fd >= 0) {
        (void)!read(fd, text, sizeof(text));
        close(fd);
    }
}

void use_processes(char* shared) {
    pid_t child = fork();
    if (child == 0) {
        touch(shared, 4);  // copies
        char* const words[] = {const_cast<char*>("true"), const_cast<char*>("an argument"), nullptr};
        pid_t spawned;
        if (posix_spawn(&spawned, "/bin/true", nullptr, nullptr, words, environ) == 0) waitpid(spawned, nullptr, 0);
        execv("/bin/true", words);
        _exit(1);
    }
    if (child > 0) waitpid(child, nullptr, 0);
    pthread_t thread;
    auto body = [](void* place) -> void* {
        touch(static_cast<char*>(place), 4);
        return nullptr;
    };
    if (pthread_create(&thread, nullptr, body, shared) == 0) pthread_join(thread, nullptr);
}

}  // namespace

void clean_up_scenario() { unlink(NEW_NAME); }

void prepare_scenario() {
    mkdir("/tmp", 0777);
    int fd = open(FILE_NAME, O_RDWR | O_CREAT, 0600);
    for (int page = 0; page < 3; page++) (void)!pwrite(fd, "x", 1, page * 4096);
    close(fd);
}

void play_scenario() {
    use_mappings();
    use_files();
    char* place = map(4, MAP_PRIVATE);
    touch(place, 4);
    use_processes(place);
}
