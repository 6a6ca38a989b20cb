#include "base/lab.h"

#include "base/atomic.h"
#include "base/print.h"

namespace kern {

namespace {

constexpr size_t MAX_HOLES = 32;
Atomic<const char*> reported[MAX_HOLES];

// Whether this is the first report of the hole. Beyond MAX_HOLES holes nothing is printed.
bool first_report(const char* hole) {
    for (auto& slot : reported) {
        if (slot.compare_exchange(nullptr, hole))
            return true;
        if (std::string_view(slot.load()) == hole)
            return false;
    }
    return false;
}

}  // namespace

std::unexpected<Errno> lab_todo(const char* hole, const char* task, std::source_location where) {
    if (first_report(hole))
        alert("lab: {} is not written yet ({}:{}); {}\n", hole, where.file_name(), where.line(), task);
    return fail(Errno::ENOSYS);
}

}  // namespace kern
