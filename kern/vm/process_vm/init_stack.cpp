#include "vm/process_vm/init_stack.h"

#include "vm/vmar.h"

constexpr size_t MIN_ARGS_LIMIT = 128 << 10;
constexpr size_t MAX_ARGS_LIMIT = 6 << 20;
constexpr size_t FIRST_STACK_SIZE = 128 << 10;  // mapped below sp from the start; more comes by faults

// All errors are for the caller of execve. This is E2BIG's rule, see execve(2) "Limits on size of arguments".
static Result<> check_size(const StartInfo& start, uint64_t stack_limit) {
    // LAB stack.limits [begin]
    size_t limit = std::max<uint64_t>(MIN_ARGS_LIMIT, std::min<uint64_t>(stack_limit / 4, MAX_ARGS_LIMIT));
    size_t pointers = (start.argv.count() + start.envp.count()) * sizeof(uint64_t);
    size_t strings = start.argv.bytes().size() + start.envp.bytes().size() + start.exec_path.size() + 1;
    return strings + pointers > limit ? Result<>(fail(Errno::E2BIG)) : Result<>();
    // LAB stack.limits [stub]
    //   // Count the strings with their NULs and the pointers to them; E2BIG when they exceed the limit.
    //   (void)start, (void)stack_limit;
    //   (void)lab_todo("stack.limits", "labs/2-init-stack, task 3");
    //   return {};
    // LAB stack.limits [end]
}

Result<> InitStack::map_and_write(Vmar& vmar, const StartInfo& start, AuxVec aux) {
    TRY(check_size(start, vmar.limits().stack));
    TRY(aux.set(AuxKey::AT_RANDOM, 0));  // so that the plan counts both; their values follow from it
    TRY(aux.set(AuxKey::AT_EXECFN, 0));
    InitStackPlan plan = plan_init_stack(vmar.process_vm().layout().stack_top, start, aux);
    TRY(aux.set(AuxKey::AT_RANDOM, plan.random.value));
    TRY(aux.set(AuxKey::AT_EXECFN, plan.exec_path.value));

    TRY(map(vmar, plan.sp));
    TRY(write_strings(vmar, plan, start));
    TRY(write_pointers(vmar, plan, start, aux));
    arg_strings_ = plan.arg_strings;
    env_strings_ = plan.env_strings;
    sp_ = plan.sp;
    return {};
}

// Maps [lowest_written - FIRST_STACK_SIZE, stack_top), or as much of that as RLIMIT_STACK lets the stack have; E2BIG
// when not even what is written fits.
Result<> InitStack::map(Vmar& vmar, VirtAddr lowest_written) {
    // LAB stack.map [begin]
    VirtAddr top = vmar.process_vm().layout().stack_top;
    uint64_t limit = align_down(vmar.limits().stack, PAGE_SIZE);
    uint64_t needed = top - lowest_written.page_down();
    if (needed > limit) return fail(Errno::E2BIG);
    uint64_t size = std::min<uint64_t>(needed + FIRST_STACK_SIZE, limit);
    MapRequest request{.size = size, .perms = Perms::rw(), .placement = Placement::fixed_no_replace, .at = top - size};
    request.kind = MappingKind::stack;
    TRY(vmar.map(request));
    return {};
    // LAB stack.map [stub]
    //   // Ask the Vmar for a mapping of MappingKind::stack that ends at the layout's stack_top.
    //   (void)vmar, (void)lowest_written;
    //   (void)lab_todo("stack.map", "labs/2-init-stack, task 4");
    //   return {};
    // LAB stack.map [end]
}
