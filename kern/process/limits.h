// Resource limits: see getrlimit(2). Recorded for all resources; enforced for those that have a name here.
#pragma once

#include "vm/process_vm/layout.h"

namespace kern {

enum class Resource : uint32_t { data = 2, stack = 3, core = 4, processes = 6, files = 7, address_space = 9, count = 16 };

struct Limit {
    uint64_t current = NO_LIMIT;
    uint64_t maximum = NO_LIMIT;
};

class Limits {
public:
    // What the first process starts with.
    Limits();
    Limit& operator[](Resource resource) { return limits_[static_cast<size_t>(resource)]; }
    VmLimits vm() const;

private:
    Limit limits_[static_cast<size_t>(Resource::count)];
};

}  // namespace kern
