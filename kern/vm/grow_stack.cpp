// Growing a stack by faults below it.
#include "vm/vmar.h"

// If `address` lies below a mapping that grows down, extends that mapping to it: as far as RLIMIT_STACK allows, and never
// closer than STACK_GUARD_GAP to what a program can use below. Says whether the address is mapped now.
bool Vmar::grow_stack(VirtAddr address) {
    // LAB stack.grow [begin]
    auto mappings = mappings_.lock();
    VmMapping* stack = mappings->set.at_or_after(address);
    if (!stack || stack->range.contains(address)) return stack != nullptr;  // another thread was faster
    if (!stack->grows_down || address < VMAR_LOWEST_ADDR) return false;
    VirtRange grown{address.page_down(), stack->range.end};
    if (grown.size() > mappings->limits.stack) return false;
    VmMapping* below = mappings->set.before(*stack);
    bool needs_gap = below && !below->grows_down && below->perms != Perms::none();
    if (needs_gap && below->range.end + STACK_GUARD_GAP > grown.start) return false;
    if (!check_limits(*mappings, *stack, grown.size() - stack->range.size())) return false;
    resize_mapping(*mappings, *stack, grown);
    return true;
    // LAB stack.grow [stub]
    //   // Three reasons to refuse: not a stack, over the limit, too close to what lies below.
    //   (void)address;
    //   (void)lab_todo("stack.grow", "labs/2-init-stack, task 7");
    //   return false;
    // LAB stack.grow [end]
}
