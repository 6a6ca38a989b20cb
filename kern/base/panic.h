// For a broken invariant of the kernel itself, never for what a user program or a full memory can cause.
#pragma once

// What QEMU exits with when the kernel cannot go on.
inline constexpr unsigned PANIC_STATUS = 125;

// Reports (see arch contract: report_panic) and ends the machine with PANIC_STATUS.
[[noreturn]] void panic_message(std::string_view format, FormatArgs args);

template <typename... Args>
[[noreturn]] void panic(std::string_view format, const Args&... args) { panic_message(format, {FormatArg(args)...}); }

// Whether this hart is reporting a panic: it then takes no lock to print. A hart that asks while another one reports stops.
bool is_panicking();

// Writes who runs on this hart and its address-space map, for the report. Implemented by kern/process; takes no lock and
// allocates nothing, because it runs in the middle of whatever went wrong.
void describe_current_process(TextSink& sink);

inline constexpr bool DEBUG_BUILD = ASTROLABE_DEBUG;  // see kern.mk

// ASSERT stays in release builds; DEBUG_ASSERT is for hot paths.
#define ASSERT(condition)                                                                            \
    do {                                                                                             \
        if (!(condition)) [[unlikely]]                                                               \
            ::panic("{}:{}: this must hold: {}", __FILE__, __LINE__, #condition);                    \
    } while (0)
#define DEBUG_ASSERT(condition)      \
    do {                             \
        if constexpr (::DEBUG_BUILD) \
            ASSERT(condition);       \
    } while (0)
