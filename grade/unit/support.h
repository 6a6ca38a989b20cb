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
    arch::host::power_on(16 << 20);
    size_t frames = free_frame_count();
    body();
    VmSpace::switch_to(nullptr);
    cr_assert_eq(free_frame_count(), frames, "%zu frames before, %zu after", frames, free_frame_count());
    if (__lsan_do_recoverable_leak_check) cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
}

// An address space that hart 0 runs, without randomisation.
struct Space {
    Ref<Vmar> vmar;

    explicit Space(VmLimits limits = {}) {
        auto layout = Layout::choose(limits.stack, Randomize::no);
        vmar = *Vmar::create({}, layout, limits);
        run();
    }
    explicit Space(Ref<Vmar> forked) : vmar(std::move(forked)) {}
    ~Space() {
        if (arch::this_hart().space == &vmar->vm_space())
            VmSpace::switch_to(nullptr);
    }
    Vmar* operator->() const { return vmar.get(); }

    // The current hart runs this space from now on.
    void run() const {
        VmSpace::switch_to(&vmar->vm_space());
        Vmar* running = vmar.get();
        arch::host::set_fault_handler([running](VirtAddr address, Perms access) {
            return running->handle_fault(address, access) == FaultOutcome::resolved;
        });
    }
};

// What the user's program would read and write. Reading a byte that faults gives -1.
inline int peek(VirtAddr at) {
    uint8_t byte;
    return arch::host::load(at, &byte, 1) ? byte : -1;
}
inline bool poke(VirtAddr at, uint8_t byte) { return arch::host::store(at, &byte, 1); }
inline uint64_t peek_word(VirtAddr at) {
    uint64_t word = 0;
    cr_assert(arch::host::load(at, &word, sizeof(word)), "0x%lx cannot be read", at.value);
    return word;
}

inline constexpr VirtAddr at(uint64_t address) { return VirtAddr(address); }
inline constexpr VirtRange pages(uint64_t start, uint64_t count) {
    return VirtRange::sized(VirtAddr(start), count * PAGE_SIZE);
}

inline MapRequest fixed(VirtRange range, Perms perms = Perms::rw()) {
    return {.size = range.size(), .perms = perms, .placement = Placement::fixed_no_replace, .at = range.start};
}

// A Vmo whose page n is filled with the byte n + 1.
inline Ref<Vmo> numbered_vmo(size_t page_count) {
    auto vmo = *Vmo::create(page_count * PAGE_SIZE);
    for (size_t i = 0; i < page_count; i++)
        memset((*vmo->page(i))->data(), static_cast<int>(i + 1), PAGE_SIZE);
    return vmo;
}

// "10000-12000 rw- 13000-14000 r--@2000": the mappings in one line, hexadecimal, with the offset of those with a Vmo.
inline std::string describe(const Vmar& vmar) {
    std::string text;
    vmar.for_each([&](const VmMapping& mapping) {
        char line[80];
        auto has = [&](Perms::Bit bit, char letter) { return mapping.perms.has(bit) ? letter : '-'; };
        snprintf(line, sizeof(line), "%s%lx-%lx %c%c%c", text.empty() ? "" : " ", mapping.range.start.value,
                 mapping.range.end.value, has(Perms::R, 'r'), has(Perms::W, 'w'), has(Perms::X, 'x'));
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
        cr_assert_eq(static_cast<int>(outcome.error()), static_cast<int>(Errno::errno_name));         \
    } while (0)
#define ASSERT_OK(expression) cr_assert((expression).has_value(), "%s failed", #expression)

}  // namespace support
