// For a broken invariant of the kernel itself, never for what a user program or a full memory can cause.
#pragma once

#include "base/print.h"

namespace kern {

// Reports (see arch contract: report_panic) and ends the machine with status 125.
[[noreturn]] void panic_message(std::string_view format, std::span<const FormatArg> args);

template <typename... Args>
[[noreturn]] void panic(std::string_view format, const Args&... args) {
    const FormatArg list[] = {FormatArg(args)..., FormatArg("")};
    panic_message(format, std::span<const FormatArg>(list, sizeof...(Args)));
}

#ifdef ASTROLABE_DEBUG
inline constexpr bool DEBUG_BUILD = true;
#else
inline constexpr bool DEBUG_BUILD = false;
#endif

}  // namespace kern

// ASSERT stays in release builds; DEBUG_ASSERT is for hot paths. ASSERT_EQ prints both values.
#define ASSERT(condition)                                                                            \
    do {                                                                                             \
        if (!(condition)) [[unlikely]]                                                               \
            ::kern::panic("{}:{}: this must hold: {}", __FILE__, __LINE__, #condition);              \
    } while (0)
#define ASSERT_EQ(left, right)                                                                       \
    do {                                                                                             \
        auto assert_left = (left);                                                                   \
        auto assert_right = (right);                                                                 \
        if (!(assert_left == assert_right)) [[unlikely]]                                             \
            ::kern::panic("{}:{}: {} is {}, but {} is {}", __FILE__, __LINE__, #left, assert_left,   \
                          #right, assert_right);                                                     \
    } while (0)
#define DEBUG_ASSERT(condition)          \
    do {                                 \
        if constexpr (::kern::DEBUG_BUILD) \
            ASSERT(condition);           \
    } while (0)
