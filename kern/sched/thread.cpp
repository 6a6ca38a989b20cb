#include "sched/thread.h"

#include <bit>

#include "mm/frame.h"
#include "sched/scheduler.h"

namespace kern {

namespace {
constexpr unsigned STACK_ORDER = std::countr_zero(arch::KERNEL_STACK_SIZE / PAGE_SIZE);
}

Thread::~Thread() {
    if (!stack_)
        return;
    arch::guard_stack(stack_, false);
    frame_at(arch::virt_to_phys(stack_)).unref();
}

Result<> Thread::prepare(void (*entry)(Thread&)) {
    Frame* stack = TRY(allocate_frames(STACK_ORDER, FrameUse::kernel, Fill::none));
    stack_ = stack->data();
    entry_ = entry;
    hart_.store(arch::this_hart().index);
    arch::guard_stack(stack_, true);
    arch::prepare_context(context, stack_, start, this);
    return {};
}

// Where the first switch to a thread arrives: interrupts are off, and the run queue is still locked.
void Thread::start(void* thread) {
    Scheduler::finish_switch();
    arch::restore_interrupts(true);
    auto* self = static_cast<Thread*>(thread);
    self->entry_(*self);
}

void Thread::interrupt() {
    interrupted_.store(1);
    Scheduler::wake(*this);
}

}  // namespace kern
