// The user heap: the memory between start_brk and the program break, which brk(2) moves.
//
//     start_                    end_ (the break; need not be page-aligned)
//       |#######|#######|####.....|
//       +--- whole pages mapped --+ round_up(end_)
#pragma once

#include "vm/process_vm/layout.h"

class Vmar;

// A cap on the heap apart from RLIMIT_DATA, bytes; a build for a small machine may set it.
inline constexpr uint64_t USER_HEAP_SIZE_LIMIT = NO_LIMIT;

class Heap {
public:
    struct State {
        uint64_t data_segment_size = 0;  // bytes of the program's data segment: RLIMIT_DATA counts it too
        VirtRange range;                 // [start_brk, break)
    };

    Heap() = default;
    // A copy for fork; the caller holds the lock of the original (`state`), so that no brk comes between this and the
    // copy of the mappings.
    explicit Heap(const State& state) : state_(LockRank::heap, state) {}

    // Puts an empty heap at `start`: no page is mapped for it.
    void set_start(VirtAddr start, uint64_t data_segment_size);
    // Moves the break and returns the new one, or the old one unchanged when that cannot be: brk(2) as Linux's system
    // call has it, never an errno.
    VirtAddr brk(Vmar& vmar, VirtAddr wanted);

    VirtRange range() { return state_.lock()->range; }
    VirtRange range_unlocked() { return state_.unlocked().range; }  // for a panic report
    Locked<State>::Guard lock() { return state_.lock(); }

private:
    static Result<> move_break(Vmar& vmar, State& state, VirtAddr wanted);
    static Result<> grow(Vmar& vmar, VirtRange added);
    static Result<> shrink(Vmar& vmar, VirtRange released);

    Locked<State> state_{LockRank::heap};
};
