// How a thread that is made ready finds a hart, and no hart sleeps while one waits:
//
//     who makes it ready                             a hart with nothing to run
//       puts it in the queue of its last hart          puts itself in idle_harts
//       looks for a hart in idle_harts                 looks at all queues, and takes over what waits there
//       takes it out and sends it an interrupt         waits for an interrupt
//
// Each writes before it reads what the other one writes, so at least one of the two sees the other.
#include "sched/scheduler.h"

#include "mm/vm_space.h"

// What one hart has to run. The lock is held across a switch: the thread that leaves takes it, the thread that comes lets
// go of it (finish_switch), so nobody can take up a thread whose registers are not saved yet.
struct RunQueue {
    IrqSpinLock lock{LockRank::run_queue};
    Thread* idle = nullptr;
    Thread* current = nullptr;
    Thread* previous = nullptr;  // during a switch: who leaves
    List<Thread, Thread> ready;
    Atomic<uint32_t> ready_count;  // read without the lock
    List<Thread, SleepTag> sleepers;
    uint64_t next_timer = NEVER;

    static RunQueue& lock_of(const Thread& thread);

    void add(Thread& thread) {
        thread.state_ = Thread::State::ready;
        ready.push_back(thread);
        ready_count.store(ready_count.load() + 1);
    }
    Thread* take() {
        Thread* thread = ready.pop_front();
        if (thread) ready_count.store(ready_count.load() - 1);
        return thread;
    }
    bool wake(Thread& thread) {
        if (thread.state_ != Thread::State::sleeping) return false;
        static_cast<ListNode<SleepTag>&>(thread).unlink();
        add(thread);
        return true;
    }
    void set_timer_by(uint64_t time) {
        if (time <= next_timer) arch::set_timer(next_timer = time);
    }
    void tick(bool in_user);
    void switch_away(Thread::State state);
    static void finish_switch();
    static bool steal(uint32_t limit);
};

static constinit RunQueue queues[arch::MAX_HARTS] = {};  // g++ 12 leaves an array without an initialiser all zero
static uint64_t turn_ns;                                 // that a thread may run while others wait
static Atomic<uint32_t> started_harts;
static Atomic<uint32_t> idle_harts;  // a bit for each that sleeps and was not called yet

static RunQueue& my_queue() { return queues[arch::this_hart().index]; }

// Interrupts are off.
static RunQueue& lock_my_queue() {
    my_queue().lock.lock();
    return my_queue();
}

// A thread was made ready in `queue`. Its own hart is the best one for it.
static void call_idle_hart(const RunQueue& queue) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    auto home = static_cast<unsigned>(&queue - queues);
    while (uint32_t idle = idle_harts.load()) {
        unsigned hart = idle >> home & 1 ? home : static_cast<unsigned>(std::countr_zero(idle));
        if (!(idle_harts.fetch_and(~(1u << hart)) >> hart & 1)) continue;  // another one was faster
        if (hart != arch::this_hart().index) arch::send_interrupt(hart);
        return;
    }
}

RunQueue& RunQueue::lock_of(const Thread& thread) {
    for (;;) {
        RunQueue& queue = queues[thread.hart_.load()];
        queue.lock.lock();
        if (&queue == &queues[thread.hart_.load()]) return queue;
        queue.lock.unlock();  // it was taken over meanwhile
    }
}

// Wakes whose time has come. Sets the timer anew: to the end of the turn or the next sleeper, whichever is earlier.
void RunQueue::tick(bool in_user) {
    (in_user ? current->ticks_in_user_ : current->ticks_in_kernel_).fetch_add(1);
    uint64_t now = arch::now_ns(), next = current == idle ? NEVER : now + turn_ns;
    for (auto place = sleepers.begin(); place != sleepers.end();) {
        Thread& sleeper = *place++;
        if (sleeper.wake_time_ > now) next = std::min(next, sleeper.wake_time_);
        else if (wake(sleeper)) call_idle_hart(*this);
    }
    next_timer = NEVER;
    set_timer_by(next);
}

// HARTS

void Scheduler::start(uint64_t hz) {
    turn_ns = 1'000'000'000 / hz;
    RunQueue& queue = my_queue();
    queue.idle = queue.current = arch::this_hart().thread = make_own<Thread>().value().release();
    started_harts.store(1);
}

static void enter_hart(void* idle) {
    arch::set_up_started_hart();
    arch::this_hart().thread = static_cast<Thread*>(idle);
    Scheduler::run_idle();
}

Result<> Scheduler::start_hart(uint64_t firmware_id) {
    uint32_t index = started_harts.load();
    if (index == arch::MAX_HARTS) return fail(Errno::EINVAL);
    auto thread = TRY(make_own<Thread>());
    TRY(thread->prepare(nullptr, enter_hart));
    queues[index].idle = queues[index].current = thread.get();
    TRY(arch::start_hart(index, firmware_id, thread->context));
    (void)thread.release();
    started_harts.store(index + 1);
    return {};
}

unsigned Scheduler::hart_count() { return started_harts.load(); }

uint64_t Scheduler::idle_ns() {
    uint64_t sum = 0;
    for (unsigned hart = 0; hart < hart_count(); hart++) sum += queues[hart].idle->cpu_time().ns();
    return sum;
}

// Interrupts are off from the look to the sleep: one that comes between is pending, and ends the sleep at once.
void Scheduler::run_idle() {
    uint32_t me = 1u << arch::this_hart().index;
    for (;;) {
        arch::disable_interrupts();
        idle_harts.fetch_or(me);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!my_queue().ready_count.load() && !RunQueue::steal(0)) arch::wait_for_interrupt();
        idle_harts.fetch_and(~me);
        arch::restore_interrupts(true);
        yield();
    }
}

// Takes over a thread from where most are ready, if that is more than `limit`. Returns whether it did.
bool RunQueue::steal(uint32_t limit) {
    for (;;) {
        RunQueue& victim = *std::ranges::max_element(queues, {}, [](RunQueue& queue) { return queue.ready_count.load(); });
        if (victim.ready_count.load() <= limit) return false;
        victim.lock.lock();
        Thread* thread = victim.take();
        if (thread) thread->hart_.store(arch::this_hart().index);  // from here on it is ready, but in no queue
        victim.lock.unlock();
        if (!thread) continue;
        LockGuard guard(my_queue().lock);
        my_queue().add(*thread);
        return true;
    }
}

// SWITCHING

bool Scheduler::wake(Thread& thread) {
    RunQueue& queue = RunQueue::lock_of(thread);
    bool woken = queue.wake(thread);
    queue.lock.unlock();
    if (woken) call_idle_hart(queue);
    return woken;
}

// Leaves the current thread in `state` and goes on with the next one. Interrupts are off, and the lock is held.
void RunQueue::switch_away(Thread::State state) {
    arch::Hart& hart = arch::this_hart();
    DEBUG_ASSERT(hart.held_locks == rank_bit(LockRank::run_queue));
    current->state_ = state;
    if (state == Thread::State::ready && current != idle) add(*current);
    Thread* next = take();
    if (!next) next = idle;
    next->state_ = Thread::State::running;
    hart.need_resched = false;
    if (next == current) return lock.unlock();
    uint64_t now = arch::now_ns();
    next->running_since_ = now;
    current->run_ns_.store(current->run_ns_.load() + now - current->running_since_);
    if (current == idle) set_timer_by(now + turn_ns);  // an idle hart takes no turns
    previous = std::exchange(current, next);
    hart.thread = next;
    VmSpace::switch_to(next->space);
    arch::switch_context(&previous->context, &next->context);
    finish_switch();
}

// The first thing a thread does when it comes. The hart may be another one than the one it left.
void RunQueue::finish_switch() {
    Thread* previous = my_queue().previous;
    bool is_dead = previous->state_ == Thread::State::dead;
    my_queue().lock.unlock();
    if (is_dead) delete previous;
}

void Scheduler::yield() {
    bool enabled = arch::disable_interrupts();
    lock_my_queue().switch_away(Thread::State::ready);
    arch::restore_interrupts(enabled);
}

void Scheduler::exit() {
    arch::disable_interrupts();
    lock_my_queue().switch_away(Thread::State::dead);
    __builtin_unreachable();
}

void Scheduler::sleep_until_set(const Atomic<uint32_t>& flag, uint64_t deadline, Interruptible interruptible) {
    may_sleep();
    bool enabled = arch::disable_interrupts();
    RunQueue& queue = lock_my_queue();
    Thread& self = *queue.current;
    DEBUG_ASSERT(&self != queue.idle);
    if (flag.load_acquire() || (interruptible == Interruptible::yes && self.is_interrupted())) {
        queue.lock.unlock();
    } else {
        if (deadline != NEVER) {
            self.wake_time_ = deadline;
            queue.sleepers.push_back(self);
            queue.set_timer_by(deadline);
        }
        queue.switch_away(Thread::State::sleeping);
    }
    arch::restore_interrupts(enabled);
}

// A hart that has far fewer threads than another one takes over one of its.
void arch::on_timer(bool in_user) {
    RunQueue& queue = lock_my_queue();
    queue.tick(in_user);
    queue.lock.unlock();
    RunQueue::steal(queue.ready_count.load() + 1);
    this_hart().need_resched = queue.ready_count.load() > 0;
}

// A THREAD'S OWN PART

Thread::~Thread() {
    if (!stack_) return;
    arch::guard_stack(stack_, false);
    frame_at(arch::virt_to_phys(stack_)).unref();
}

Result<> Thread::prepare(void (*entry)(Thread&), void (*start)(void*)) {
    constexpr unsigned STACK_ORDER = std::countr_zero(arch::KERNEL_STACK_SIZE / PAGE_SIZE);
    Frame* stack = TRY(allocate_frame(FrameUse::kernel, Fill::none, STACK_ORDER));
    entry_ = entry;
    stack_ = stack->data();
    hart_.store(arch::this_hart().index);
    arch::guard_stack(stack_, true);
    arch::prepare_context(context, stack_, start, this);
    return {};
}

// Where the first switch to a thread arrives: interrupts are off, and the run queue is still locked.
void Thread::first_switch(void* thread) {
    RunQueue::finish_switch();
    arch::restore_interrupts(true);
    auto* self = static_cast<Thread*>(thread);
    self->entry_(*self);
}

CpuTime Thread::cpu_time() const {
    uint64_t ns = run_ns_.load() + (state_ == State::running ? arch::now_ns() - running_since_ : 0);
    uint64_t in_kernel = ticks_in_kernel_.load(), ticks = in_kernel + ticks_in_user_.load();
    uint64_t kernel_ns = ticks ? ns / ticks * in_kernel : 0;
    return {ns - kernel_ns, kernel_ns};
}

// If it runs on another hart, perhaps in user mode, it shall hear of it now.
void Thread::interrupt() {
    interrupted_.store(1);
    uint32_t hart = hart_.load();
    if (!Scheduler::wake(*this) && hart != arch::this_hart().index) arch::send_interrupt(hart);
}
