// Errors are values. A function that can fail returns Result<T>; TRY passes an error on to the caller:
//
//     Result<VirtAddr> grow(...) {
//         Frame* frame = TRY(allocate_frame());     // returns the Errno from grow() if there is no frame
#pragma once

#include <expected>

#include "base/errno.h"

namespace kern {

template <typename T = void>
using Result = std::expected<T, Errno>;

// Lets a function write `return Errno::EINVAL;`-like: `return fail(Errno::EINVAL);`.
constexpr std::unexpected<Errno> fail(Errno error) { return std::unexpected(error); }

}  // namespace kern

// A statement expression (a GNU extension): its value is the last expression, and `return` leaves the function around it.
#define TRY(expression)                                             \
    ({                                                              \
        auto&& try_result = (expression);                           \
        if (!try_result.has_value()) [[unlikely]]                   \
            return ::std::unexpected(try_result.error());           \
        *::std::move(try_result);                                   \
    })
