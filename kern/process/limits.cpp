#include "process/limits.h"

#include "fs/fd_table.h"
#include "process/process_tree.h"

namespace kern {

Limits::Limits() {
    Limits& self = *this;
    self[Resource::stack].current = INIT_STACK_SIZE;
    self[Resource::core].current = 0;
    self[Resource::processes] = {MAX_PROCESSES, MAX_PROCESSES};
    self[Resource::files] = {FdTable::DEFAULT_LIMIT, FdTable::MOST};
}

VmLimits Limits::vm() const {
    auto of = [this](Resource resource) { return limits_[static_cast<size_t>(resource)].current; };
    return {.address_space = of(Resource::address_space), .data = of(Resource::data), .stack = of(Resource::stack)};
}

}  // namespace kern
