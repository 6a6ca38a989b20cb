// What the parts of diskload share.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

[[noreturn]] inline void fail(const char* what, int line) {
    printf("diskload: line %d: not so: %s (errno %s)\n", line, what, strerrorname_np(errno));
    fflush(stdout);
    _exit(1);
}

#define CHECK(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

// One line, whole, on the console before this returns.
__attribute__((format(printf, 1, 2))) inline void say(const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    CHECK(write(STDOUT_FILENO, line, static_cast<size_t>(size)) == size);
}

inline std::string content(uint64_t key, size_t size) {
    std::string text;
    char record[40];
    while (text.size() < size) {
        snprintf(record, sizeof(record), "%016lx %08zx\n", key, text.size());
        text += record;
    }
    text.resize(size);
    return text;
}

inline void write_all(int fd, const std::string& bytes, off_t at) {
    for (size_t done = 0; done < bytes.size();) {
        ssize_t count = pwrite(fd, bytes.data() + done, bytes.size() - done, at + static_cast<off_t>(done));
        CHECK(count > 0);
        done += static_cast<size_t>(count);
    }
}

inline std::string read_all(int fd, size_t size, off_t at = 0) {
    std::string bytes(size, 0);
    ssize_t count = pread(fd, bytes.data(), size, at);
    CHECK(count >= 0);
    bytes.resize(static_cast<size_t>(count));
    return bytes;
}

int load(uint64_t seed, unsigned steps);
