#include "base/panic.h"

#include <bit>

#include "arch/contract.h"
#include "base/atomic.h"

namespace kern {

namespace {
Atomic<uint32_t> panicking;
constexpr unsigned PANIC_STATUS = 125;
}  // namespace

bool is_panicking() { return panicking.load(); }

// A panic while the first one reports ends the machine at once.
void panic_message(std::string_view format, FormatArgs args) {
    arch::disable_interrupts();
    if (panicking.exchange_acquire(1))
        arch::power_off(PANIC_STATUS);
    char buffer[512];
    BufferSink cause{std::span(buffer)};
    format_to(cause, format, args);
    alert("panic: {}\n", cause.view());
    arch::report_panic();
    arch::power_off(PANIC_STATUS);
}

void HeldLocks::report_wrong_order(LockRank rank) const {
    if (!is_panicking())
        panic("lock order: a lock of rank {} is taken under one of rank {}; see base/lock_rank.h", rank,
              std::bit_width(held_) - 1);
}

}  // namespace kern
