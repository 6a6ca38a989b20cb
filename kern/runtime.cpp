// What the compiler and the freestanding parts of libstdc++ call by name (memcpy is in arch/riscv/copy.S).

#include "mm/slab.h"

extern "C" {

int memcmp(const void* left, const void* right, size_t size) {
    auto* a = static_cast<const uint8_t*>(left);
    auto* b = static_cast<const uint8_t*>(right);
    auto [in_a, in_b] = std::mismatch(a, a + size, b);
    return in_a == a + size ? 0 : *in_a - *in_b;
}

void* memmove(void* to, const void* from, size_t size) {
    auto* bytes = static_cast<volatile uint8_t*>(to);
    if (reinterpret_cast<size_t>(to) - reinterpret_cast<size_t>(from) >= size) return memcpy(to, from, size);
    while (size--) bytes[size] = static_cast<const uint8_t*>(from)[size];  // `to` lies inside the source: rare, and short
    return to;
}

// Unaligned words are fine for the machine; what counts is few instructions.
void* memset(void* to, int byte, size_t size) {
    uint64_t word = 0x0101'0101'0101'0101 * static_cast<uint8_t>(byte);
    auto* at = static_cast<volatile uint8_t*>(to);
    for (; size >= 64; size -= 64, at += 64)
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++) reinterpret_cast<volatile uint64_t*>(at)[i] = word;
    for (; size >= 8; size -= 8, at += 8) *reinterpret_cast<volatile uint64_t*>(at) = word;
    for (; size; size--) *at++ = static_cast<uint8_t>(byte);
    return to;
}

size_t strlen(const char* text) {
    size_t size = 0;
    while (text[size]) size++;
    return size;
}

[[noreturn]] void abort() { panic("abort: the value of a Result or optional that has none"); }

}  // extern "C"

// <cstring> declares it as two functions of C++, of one name for the linker.
const void* memchr(const void* bytes, int wanted, size_t size) {
    auto* at = static_cast<const uint8_t*>(bytes);
    auto* found = std::find(at, at + size, static_cast<uint8_t>(wanted));
    return found == at + size ? nullptr : found;
}

void* operator new(size_t size, const std::nothrow_t&) noexcept { return heap_allocate(size); }
void operator delete(void* object) noexcept { heap_free(object); }
void operator delete(void* object, size_t) noexcept { heap_free(object); }

namespace std {
const nothrow_t nothrow;
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { panic("out of range: {}", format); }
}  // namespace std
