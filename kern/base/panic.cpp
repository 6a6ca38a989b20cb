#include "base/panic.h"

#include "arch/contract.h"
#include "base/atomic.h"
#include "base/console.h"

namespace kern {

namespace {
Atomic<uint32_t> panicking;
constexpr unsigned PANIC_STATUS = 125;
}  // namespace

bool is_panicking() { return panicking.load(); }

// A panic while the first one reports ends the machine at once.
void panic_message(std::string_view format, std::span<const FormatArg> args) {
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

}  // namespace kern
