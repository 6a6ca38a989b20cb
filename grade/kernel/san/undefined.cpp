// make SAN=1: what the compiler calls where it finds undefined behaviour (-fsanitize=undefined). The first time is a panic.
#include "base/panic.h"

namespace {

// What each report begins with.
struct Location {
    const char* file;
    uint32_t line, column;
};

[[noreturn]] void report(std::string_view what, const Location& at) { panic("UBSan: {} at {}:{}", what, at.file, at.line); }

}  // namespace

#define REPORTS(name, what) \
    extern "C" void __ubsan_handle_##name(const Location* at, ...) { report(what, *at); }

REPORTS(type_mismatch_v1, "null, misaligned or too small object")
REPORTS(pointer_overflow, "pointer that wraps around")
REPORTS(out_of_bounds, "index out of bounds")
REPORTS(shift_out_of_bounds, "shift by too much")
REPORTS(load_invalid_value, "value that its type does not have")
REPORTS(add_overflow, "signed addition that overflows")
REPORTS(sub_overflow, "signed subtraction that overflows")
REPORTS(mul_overflow, "signed multiplication that overflows")
REPORTS(negate_overflow, "negation that overflows")
REPORTS(divrem_overflow, "division that overflows or by zero")
REPORTS(builtin_unreachable, "code that is not to be reached")
REPORTS(missing_return, "end of a function that returns something")
REPORTS(nonnull_arg, "null pointer where none may be")
REPORTS(vla_bound_not_positive, "array of no size")
REPORTS(invalid_builtin, "zero where a bit is counted")
