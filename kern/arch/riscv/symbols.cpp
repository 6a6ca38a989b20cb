#include "symbols.h"

#include <algorithm>
#include <span>

namespace kern::arch {

namespace {
struct Entry {
    uint64_t address;
    const char* name;
};
extern "C" const Entry kernel_symbols[];  // made by the second link, ascending
}  // namespace

Symbol find_symbol(uint64_t address) {
    std::span<const Entry> table(kernel_symbols, kernel_symbol_count);
    auto after = std::upper_bound(table.begin(), table.end(), address,
                                  [](uint64_t wanted, const Entry& entry) { return wanted < entry.address; });
    if (!is_kernel_text(address) || after == table.begin())
        return {};
    const Entry& entry = *(after - 1);
    return {entry.name, address - entry.address};
}

}  // namespace kern::arch
