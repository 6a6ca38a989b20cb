#include "sched/scheduler.h"

#include <algorithm>
#include <bit>

#include "base/own.h"
#include "mm/frame.h"
#include "mm/vm_space.h"

namespace kern {

// What one hart has to run. The lock is held across a switch: the thread that leaves takes it, the thread that comes lets
// go of it (finish_switch), so nobody can take up a thread whose registers are not saved yet.
class RunQueue {
public:
    IrqSpinLock lock{LockRank::run_queue};
    Thread* idle = nullptr;
    Thread* current = nullptr;
    Thread* previous = nullptr;  // during a switch: who leaves
    uint64_t turn = 0;           // ns that a thread may run while others wait

    bool others_wait() const { return !ready_.empty(); }
    Thread* take() { return ready_.pop_front(); }
    void add(Thread& thread) {
        thread.state_ = Thread::State::ready;
        ready_.push_back(thread);
    }
    void wake(Thread& thread);
    void add_sleeper(Thread& thread, uint64_t deadline);
    void wake_due(uint64_t now);
    void set_timer(uint64_t time) { arch::set_timer(next_timer_ = time); }
    Thread& pick_next();

private:
    List<Thread, Thread> ready_;
    List<Thread, SleepTag> sleepers_;
    uint64_t next_timer_ = NEVER;
};

namespace {

constinit RunQueue queues[arch::MAX_HARTS] = {};  // g++ 12 leaves an array without an initialiser all zero

Atomic<uint32_t> harts_started;

RunQueue& my_queue() { return queues[arch::this_hart().index]; }

}  // namespace

void RunQueue::wake(Thread& thread) {
    if (thread.state_ != Thread::State::sleeping) return;
    static_cast<ListNode<SleepTag>&>(thread).unlink();
    add(thread);
}

void RunQueue::add_sleeper(Thread& thread, uint64_t deadline) {
    if (deadline == NEVER) return;
    thread.wake_time_ = deadline;
    sleepers_.push_back(thread);
    if (deadline < next_timer_)
        set_timer(deadline);
}

// Also sets the timer anew: to the next turn or the next sleeper, whichever is earlier.
void RunQueue::wake_due(uint64_t now) {
    uint64_t next = now + turn;
    for (auto place = sleepers_.begin(); place != sleepers_.end();) {
        Thread& sleeper = *place;
        ++place;
        if (sleeper.wake_time_ <= now)
            wake(sleeper);
        else
            next = std::min(next, sleeper.wake_time_);
    }
    set_timer(next);
}

Thread& RunQueue::pick_next() {
    Thread* next = take();
    if (!next)
        next = idle;
    next->state_ = Thread::State::running;
    next->hart_.store(arch::this_hart().index);
    return *next;
}

void Scheduler::start_hart(unsigned hz) {
    RunQueue& queue = my_queue();
    queue.idle = queue.current = new (std::nothrow) Thread();
    if (!queue.idle)
        panic("no memory for the idle thread of hart {}", arch::this_hart().index);
    queue.idle->state_ = Thread::State::running;
    queue.turn = 1'000'000'000 / std::max(hz, 1u);
    arch::this_hart().thread = queue.idle;
    queue.set_timer(arch::now_ns() + queue.turn);
    harts_started.fetch_add(1);
}

unsigned Scheduler::hart_count() { return harts_started.load(); }

// A thread that another hart has ready but cannot run yet; null when there is none.
static Thread* steal() {
    for (RunQueue& victim : queues) {
        LockGuard guard(victim.lock);
        if (Thread* thread = victim.others_wait() ? victim.take() : nullptr) return thread;
    }
    return nullptr;
}

// Interrupts are looked at with the hart awake; with them off, wait_for_interrupt() cannot miss one that comes just before.
void Scheduler::run_idle() {
    for (;;) {
        arch::disable_interrupts();
        if (!my_queue().others_wait()) {
            if (Thread* thread = steal())
                Scheduler::adopt(*thread);
            else
                arch::wait_for_interrupt();
        }
        arch::restore_interrupts(true);
        yield();
    }
}

void Scheduler::adopt(Thread& thread) {
    RunQueue& queue = my_queue();
    LockGuard guard(queue.lock);
    thread.hart_.store(arch::this_hart().index);
    queue.add(thread);
}

void Scheduler::wake(Thread& thread) {
    for (;;) {
        uint32_t hart = thread.hart_.load();
        LockGuard guard(queues[hart].lock);
        if (thread.hart_.load() == hart)  // else it was taken over meanwhile
            return queues[hart].wake(thread);
    }
}

// Interrupts are off, and the queue's lock is held.
void Scheduler::switch_away(RunQueue& queue) {
    arch::Hart& hart = arch::this_hart();
    Thread& previous = *queue.current;
    Thread& next = queue.pick_next();
    hart.need_resched = false;
    if (&next == &previous) return queue.lock.unlock();
    queue.previous = &previous;
    queue.current = hart.thread = &next;
    if (next.space)
        next.space->activate();
    else
        VmSpace::deactivate();
    arch::switch_context(&previous.context, &next.context);
    finish_switch();
}

// The hart may be another one than the one the thread left.
void Scheduler::finish_switch() {
    RunQueue& queue = my_queue();
    Thread* previous = queue.previous;
    bool is_dead = previous->state_ == Thread::State::dead;
    queue.lock.unlock();
    if (is_dead)
        delete previous;
}

void Scheduler::yield() {
    bool enabled = arch::disable_interrupts();
    RunQueue& queue = my_queue();
    queue.lock.lock();
    if (queue.current != queue.idle)
        queue.add(*queue.current);
    switch_away(queue);
    arch::restore_interrupts(enabled);
}

void Scheduler::exit() {
    arch::disable_interrupts();
    RunQueue& queue = my_queue();
    queue.lock.lock();
    queue.current->state_ = Thread::State::dead;
    switch_away(queue);
    __builtin_unreachable();
}

void Scheduler::sleep_until_set(const Atomic<uint32_t>& flag, uint64_t deadline, Interruptible interruptible) {
    bool enabled = arch::disable_interrupts();
    RunQueue& queue = my_queue();
    Thread& self = *queue.current;
    DEBUG_ASSERT(arch::this_hart().held_locks.none());
    queue.lock.lock();
    if (flag.load_acquire() || (interruptible == Interruptible::yes && self.is_interrupted())) {
        queue.lock.unlock();
    } else {
        self.state_ = Thread::State::sleeping;
        queue.add_sleeper(self, deadline);
        switch_away(queue);
    }
    arch::restore_interrupts(enabled);
}

void Scheduler::on_timer() {
    RunQueue& queue = my_queue();
    LockGuard guard(queue.lock);
    queue.wake_due(arch::now_ns());
    arch::this_hart().need_resched = queue.others_wait();
}

// A THREAD'S OWN PART

Thread::~Thread() {
    if (!stack_) return;
    arch::guard_stack(stack_, false);
    frame_at(arch::virt_to_phys(stack_)).unref();
}

Result<> Thread::prepare(void (*entry)(Thread&)) {
    constexpr unsigned STACK_ORDER = std::countr_zero(arch::KERNEL_STACK_SIZE / PAGE_SIZE);
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
