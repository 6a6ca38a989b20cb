// What the fuzzers share: a pretended machine that lasts for the whole process, and a check that an input lost no memory of it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "host.h"
#include "mm/frame.h"
#include "vm/vmar.h"

namespace fuzz {

#define FUZZ_CHECK(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE_NAME__, __LINE__, #condition);                     \
            abort();                                                                                         \
        }                                                                                                    \
    } while (false)

// Runs body() on the machine; afterwards all frames are free again.
template <typename Body>
int on_machine(Body body) {
    static bool is_on = (arch::host::power_on(16 << 20), true);
    FUZZ_CHECK(is_on);
    size_t frames = free_frame_count();
    body();
    VmSpace::switch_to(nullptr);
    FUZZ_CHECK(free_frame_count() == frames);
    return 0;
}

// Takes numbers off an input; zeroes behind its end.
class Input {
public:
    Input(const uint8_t* data, size_t size) : at_(data), left_(size) {}
    bool is_empty() const { return left_ == 0; }
    unsigned byte() { return left_ ? (left_--, *at_++) : 0; }
    uint64_t word() {
        uint64_t value = 0;
        for (int i = 0; i < 8; i++) value |= uint64_t{byte()} << (8 * i);
        return value;
    }
    std::string rest() { return std::string(reinterpret_cast<const char*>(at_), left_); }

private:
    const uint8_t* at_;
    size_t left_;
};

inline Ref<Vmar> make_space(const VmLimits& limits = {}) {
    return *Vmar::create({}, Layout::choose(limits.stack, Randomize::no), limits);
}

// The space runs: what user code does there faults as it would.
inline void run(Vmar& vmar) {
    VmSpace::switch_to(&vmar.vm_space());
    arch::host::set_fault_handler([&vmar](VirtAddr address, Perms access) {
        return vmar.handle_fault(address, access) == FaultOutcome::resolved;
    });
}

}  // namespace fuzz
