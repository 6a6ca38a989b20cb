// What the compiler's -fsanitize-coverage=trace-pc calls at each branch, counted where libFuzzer looks. (GCC has no counters of
// the kind that Clang makes, and Clang 14 cannot read the library's <expected>. libFuzzer has this function, too, to no effect;
// the one that is linked first counts.)
#include <cstdint>
#include <iterator>

extern "C" void __sanitizer_cov_8bit_counters_init(uint8_t* start, uint8_t* end);

namespace {

uint8_t counters[1 << 16];
[[maybe_unused]] const bool is_known = (__sanitizer_cov_8bit_counters_init(counters, std::end(counters)), true);

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
    auto place = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
    counters[(place ^ place >> 16) % std::size(counters)]++;
}
