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

Result<Ref<Process>> Process::fork_from(Process& parent) {
    auto child = TRY(make_ref<Process>());
    TRY(parent.files.copy_to(child->files));
    child->personality.store(parent.personality.load());
    auto theirs = parent.lock();
    State& ours = child->state_.unlocked();  // nobody else knows the child yet
    ours.signals = theirs->signals;
    ours.signals.pending = SignalSet();
    ours.limits = theirs->limits;
    ours.name = theirs->name;
    return child;
}

void Process::set_name(std::string_view path) {
    std::string_view last = path.substr(path.rfind('/') + 1);
    CommandName name = {};
    last.copy(name.data(), name.size() - 1);
    lock()->name = name;
}

Result<> Process::wait_for_vfork_release() {
    TRY(vfork_wait_.wait_until([this] { return vfork_released_.load_acquire() != 0; }));
    return {};
}

void Process::release_vfork_parent() {
    vfork_released_.store_release(1);
    vfork_wait_.wake_all();
}

}  // namespace kern
