#include "sbi.h"

namespace kern::arch::sbi {

namespace {

constexpr uint64_t BASE = 0x10;

struct Answer {
    int64_t error;
    uint64_t value;
};

Answer call(uint64_t extension, uint64_t function, uint64_t arg0 = 0, uint64_t arg1 = 0, uint64_t arg2 = 0,
            uint64_t arg3 = 0) {
    register uint64_t a0 asm("a0") = arg0;
    register uint64_t a1 asm("a1") = arg1;
    register uint64_t a2 asm("a2") = arg2;
    register uint64_t a3 asm("a3") = arg3;
    register uint64_t a6 asm("a6") = function;
    register uint64_t a7 asm("a7") = extension;
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return {static_cast<int64_t>(a0), a1};
}

}  // namespace

bool has_extension(uint64_t extension) { return call(BASE, 3, extension).value != 0; }

void set_timer(uint64_t ticks) { call(TIME, 0, ticks); }

void remote_fence(uint64_t hart_mask, uint64_t start, uint64_t size) { call(RFENCE, 1, hart_mask, 0, start, size); }

void shut_down() { call(RESET, 0); }

}  // namespace kern::arch::sbi
