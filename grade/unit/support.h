// What every host test starts from: a pretended machine, and a check that the test gave back all it took.
#pragma once

#include <criterion/criterion.h>

#include <cstring>
#include <string>
#include <vector>

#include "host/host.h"
#include "mm/frame.h"
#include "vm/vmar.h"

extern "C" __attribute__((weak)) int __lsan_do_recoverable_leak_check();  // absent in a build for coverage

// The check above is ours to make; at exit it would only add a report to a test that failed half-way.
extern "C" __attribute__((weak)) const char* __asan_default_options() { return "leak_check_at_exit=0"; }

// Like Criterion's Test(suite, name), on a fresh machine; fails when a frame or an allocation is lost. (Criterion by
// itself prints a leak and passes the test.)
#define MACHINE_TEST(suite, name)                                                                   \
    static void suite##_##name##_body();                                                            \
    Test(suite, name) { support::run_on_fresh_machine(suite##_##name##_body); }                     \
    static void suite##_##name##_body()

namespace support {

inline void run_on_fresh_machine(void (*body)()) {
    kern::arch::host::power_on(16 << 20);
    size_t frames = kern::free_frame_count();
    body();
    kern::VmSpace::switch_to(nullptr);
    cr_assert_eq(kern::free_frame_count(), frames, "%zu frames before, %zu after", frames, kern::free_frame_count());
    if (__lsan_do_recoverable_leak_check) cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
}

// An address space that hart 0 runs, without randomisation.
struct Space {
    kern::Ref<kern::Vmar> vmar;

    explicit Space(kern::VmLimits limits = {}) {
        auto layout = kern::Layout::choose(limits.stack, kern::Randomize::no);
        vmar = *kern::Vmar::create({}, layout, limits);
        run();
    }
    explicit Space(kern::Ref<kern::Vmar> forked) : vmar(std::move(forked)) {}
    ~Space() {
        if (kern::arch::this_hart().space == &vmar->vm_space())
            kern::VmSpace::switch_to(nullptr);
    }
    kern::Vmar* operator->() const { return vmar.get(); }

    // The current hart runs this space from now on.
    void run() const {
        kern::VmSpace::switch_to(&vmar->vm_space());
        kern::Vmar* running = vmar.get();
        kern::arch::host::set_fault_handler([running](kern::VirtAddr address, kern::Perms access) {
            return running->handle_fault(address, access) == kern::FaultOutcome::resolved;
        });
    }
};

// What the user's program would read and write. Reading a byte that faults gives -1.
inline int peek(kern::VirtAddr at) {
    uint8_t byte;
    return kern::arch::host::load(at, &byte, 1) ? byte : -1;
}
inline bool poke(kern::VirtAddr at, uint8_t byte) { return kern::arch::host::store(at, &byte, 1); }
inline uint64_t peek_word(kern::VirtAddr at) {
    uint64_t word = 0;
    cr_assert(kern::arch::host::load(at, &word, sizeof(word)), "0x%lx cannot be read", at.value);
    return word;
}

inline constexpr kern::VirtAddr at(uint64_t address) { return kern::VirtAddr(address); }
inline constexpr kern::VirtRange pages(uint64_t start, uint64_t count) {
    return kern::VirtRange::sized(kern::VirtAddr(start), count * kern::PAGE_SIZE);
}

inline kern::MapRequest fixed(kern::VirtRange range, kern::Perms perms = kern::Perms::rw()) {
    return {.size = range.size(), .perms = perms, .placement = kern::Placement::fixed_no_replace, .at = range.start};
}

// A Vmo whose page n is filled with the byte n + 1.
inline kern::Ref<kern::Vmo> numbered_vmo(size_t page_count) {
    auto vmo = *kern::Vmo::create(page_count * kern::PAGE_SIZE);
    for (size_t i = 0; i < page_count; i++)
        memset((*vmo->page(i))->data(), static_cast<int>(i + 1), kern::PAGE_SIZE);
    return vmo;
}

// "10000-12000 rw- 13000-14000 r--@2000": the mappings in one line, hexadecimal, with the offset of those with a Vmo.
inline std::string describe(const kern::Vmar& vmar) {
    std::string text;
    vmar.for_each([&](const kern::VmMapping& mapping) {
        char line[80];
        auto has = [&](kern::Perms::Bit bit, char letter) { return mapping.perms.has(bit) ? letter : '-'; };
        snprintf(line, sizeof(line), "%s%lx-%lx %c%c%c", text.empty() ? "" : " ", mapping.range.start.value,
                 mapping.range.end.value, has(kern::Perms::R, 'r'), has(kern::Perms::W, 'w'), has(kern::Perms::X, 'x'));
        text += line;
        if (mapping.vmo) {
            snprintf(line, sizeof(line), "@%lx", mapping.vmo_offset);
            text += line;
        }
    });
    return text;
}

#define ASSERT_MAPPINGS(space, expected)                                                                    \
    do {                                                                                                    \
        std::string mappings = support::describe(*(space).vmar);                                            \
        cr_assert(mappings == (expected), "mappings: %s\nexpected: %s", mappings.c_str(), expected);         \
    } while (0)
#define ASSERT_FAILS(expression, errno_name)                                                                \
    do {                                                                                                    \
        auto outcome = (expression);                                                                        \
        cr_assert(!outcome.has_value(), "%s succeeded, should be " #errno_name, #expression);               \
        cr_assert_eq(static_cast<int>(outcome.error()), static_cast<int>(kern::Errno::errno_name));         \
    } while (0)
#define ASSERT_OK(expression) cr_assert((expression).has_value(), "%s failed", #expression)

}  // namespace support
