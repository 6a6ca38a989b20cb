// Who runs on which hart. Each hart has a queue of its own; it takes turns when the timer says so on the way back to user
// mode, and an idle hart takes over what another one has waiting. Kernel code is never preempted.
#pragma once

#include "sched/thread.h"

namespace kern {

inline constexpr uint64_t NEVER = UINT64_MAX;  // a deadline

inline Thread& current_thread() { return *arch::this_hart().thread; }

class RunQueue;

class Scheduler {
public:
    // STARTING. The caller becomes this hart's idle thread; `hz` turns a second are dealt out.
    static void start_hart(unsigned hz);
    [[noreturn]] static void run_idle();

    static unsigned hart_count();

    // Makes a new or sleeping thread ready. Any context.
    static void wake(Thread& thread);
    // Lets the others go first.
    static void yield();
    // Ends the current thread; it is deleted once its stack is left.
    [[noreturn]] static void exit();

    enum class Interruptible { yes, no };
    // Sleeps until wake(), the deadline (ns since power-on), or, if interruptible, Thread::interrupt(). Returns at once
    // when `flag` is set: whoever sets it calls wake() afterwards. May return early. No spinning lock may be held.
    static void sleep_until_set(const Atomic<uint32_t>& flag, uint64_t deadline, Interruptible interruptible);

    // The timer interrupt: wakes whose time has come, and asks for a turn if others wait.
    static void on_timer();
    // Lets go of what a switch held: the first thing a new thread does.
    static void finish_switch();

private:
    static void adopt(Thread& thread);
    static void switch_away(RunQueue& queue);
};

}  // namespace kern
