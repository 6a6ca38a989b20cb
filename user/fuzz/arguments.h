// Values for the arguments of system calls: mostly such that make sense, some at an edge, some garbage.
#pragma once

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

// splitmix64: a few lines, and the same numbers on every machine.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    uint64_t below(uint64_t bound) { return next() % bound; }
    bool one_in(uint64_t n) { return below(n) == 0; }
    template <typename T, size_t N>
    const T& of(const T (&values)[N]) { return values[below(N)]; }

private:
    uint64_t state_;
};

// What the calls of one process work on: an arena of pages with holes, some descriptors, some names.
class Arguments {
public:
    // The current directory becomes the names' own.
    explicit Arguments(Random& random);
    uint64_t of(char kind);
    // Some bytes of the arena change.
    void stir();

private:
    uint64_t pointer();
    uint64_t garbage();
    uint64_t descriptor();
    uint64_t path();
    uint64_t size();
    uint64_t address();
    uint64_t process();
    uint64_t scalar(char kind);
    uint64_t structure(char kind);
    // Room for a structure of this size, in one of a few places.
    template <typename T>
    T* room();

    Random& random_;
    pid_t self_;
};
